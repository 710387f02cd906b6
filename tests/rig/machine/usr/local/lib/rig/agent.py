"""Runs the tests' commands: a line of JSON in (for sh), a line of JSON out (exit code, output)."""

import base64
import json
import socket
import subprocess
import threading


def serve(connection: socket.socket) -> None:
    with connection, connection.makefile("rwb") as stream:
        for line in stream:
            done = subprocess.run(
                ["sh", "-c", json.loads(line)],
                capture_output=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            said = {
                "code": done.returncode,
                "out": base64.b64encode(done.stdout + done.stderr).decode(),
            }
            stream.write(json.dumps(said).encode() + b"\n")
            stream.flush()


with socket.create_server(("0.0.0.0", 7777)) as server:
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
