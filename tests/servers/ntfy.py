"""A real ntfy server, and what its subscribers get."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.house import free_port, until
from tests.servers.brokers import listens


class NtfyServer:
    """Where it listens, and what it was told."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"ntfy://127.0.0.1:{port}"

    def messages(self, topic: str = "door") -> list[dict[str, Any]]:
        """All messages of a topic, oldest first."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{topic}/json?poll=1") as answer:
            found = [json.loads(line) for line in answer]
        return [one for one in found if one["event"] == "message"]

    def notifications(self, topic: str = "door") -> list[dict[str, Any]]:
        """What a phone shows: of messages with the same sequence id the last."""
        shown: dict[str, dict[str, Any]] = {}
        for message in self.messages(topic):
            shown[message.get("sequence_id", message["id"])] = message
        return list(shown.values())

    def fetch(self, message: dict[str, Any]) -> bytes:
        """A message's picture."""
        with urllib.request.urlopen(message["attachment"]["url"]) as answer:  # noqa: S310 - our own
            return bytes(answer.read())


def ntfy_program(suite: str) -> str | None:
    """Where `.ci/get-ntfy` has put it: the folder is named by NTFY."""
    path = Path(os.environ.get("NTFY", "/nowhere")) / suite / "usr/bin/ntfy"
    return str(path) if path.exists() else None


@contextmanager
def ntfy_server(program: str, folder: Path, *arguments: str) -> Iterator[NtfyServer]:
    """As long as this lasts."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    command = [program, "serve", "--listen-http", address, "--base-url", f"http://{address}"]
    files = [
        "--cache-file",
        str(folder / "cache.db"),
        "--attachment-cache-dir",
        str(folder / "files"),
    ]
    with (folder / "ntfy.log").open("wb") as log:
        process = subprocess.Popen([*command, *files, *arguments], stdout=log, stderr=log)
    try:
        until(lambda: listens(port), (folder / "ntfy.log").read_text)
        yield NtfyServer(port)
    finally:
        process.terminate()
        process.wait()
