"""A stand-in for a notification service: it answers what it is told, and records what it got."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple

NTFY = {"id": "x", "event": "message", "sequence_id": "s"}
TELEGRAM = {"ok": True, "result": {"message_id": 7}}
TAKEN = {**NTFY, **TELEGRAM}  # what both say
TOKEN = "123456789:abcdefg_hijklmnop"  # noqa: S105 - nobody's


class Answer(NamedTuple):
    """One answer; its body is JSON, or bytes, or comes in pieces."""

    status: int = 200
    body: Any = TAKEN
    headers: Any = MappingProxyType({})


class Request(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Service:
    """What it got, and how it answers: the same always, or by a function of the request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[Request] = []
        self.answer: Any = Answer()

    def url(self, kind: str) -> str:
        """The address of a phone behind it; Telegram's needs the environment variable, too."""
        return {
            "ntfy": f"ntfy://127.0.0.1:{self.port}/door",
            "json": f"json://127.0.0.1:{self.port}/door",
            "synology": f"synology://127.0.0.1:{self.port}/token",
            "tgram": f"tgram://{TOKEN}/4711",
        }[kind]


@contextmanager
def serving() -> Iterator[Service]:
    """A service, as long as this lasts."""

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, self.headers, body)
            service.got.append(request)
            answer = service.answer
            if callable(answer):
                answer = answer(request)
            text = answer.body
            if isinstance(text, Iterator):
                self._trickle(answer.status, text)
                return
            if not isinstance(text, bytes):
                text = json.dumps(text).encode()
            self.send_response_only(answer.status)
            for name, value in {"Content-Length": str(len(text)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def _trickle(self, status: int, pieces: Iterator[bytes]) -> None:
            """Answer piece by piece; the end of the connection is that of the answer."""
            self.send_response_only(status)
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)

        do_GET = do_POST = do_PUT = do_PATCH = _take  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client hung up
        service = Service(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield service
        server.shutdown()
        thread.join()
