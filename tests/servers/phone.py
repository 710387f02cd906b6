"""A real HTTP server: what would be the phone's service."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Phone:
    """Where it listens, and what it was told."""

    def __init__(self, port: int) -> None:
        self.url = f"json://127.0.0.1:{port}/ring"
        self.told: list[dict[str, Any]] = []
        self.connections = 0


@contextmanager
def phone_service() -> Iterator[Phone]:
    """A phone, as long as this lasts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def setup(self) -> None:
            super().setup()
            phone.connections += 1

        def do_POST(self) -> None:
            phone.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        phone = Phone(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield phone
        server.shutdown()
        thread.join()
