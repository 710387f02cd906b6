"""Serves processes of this machine over HTTP on a local socket, each in a thread of its own."""

import logging
import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from http import HTTPStatus
from io import BufferedReader
from typing import NamedTuple

log = logging.getLogger(__name__)
REQUEST_S = 5.0
LINE_BYTES = 4096
REQUEST_WORDS = 3
PIECE_BYTES = 65_536
PAUSE_S = 1.0  # until a connection is taken again, after the system gave none


class Request(NamedTuple):
    """What a client asks for: `METHOD /DOOR/KIND HTTP/1.1`; empty texts for anything else.

    Attributes:
        method: Like `GET`.
        door: The first part of the path.
        kind: The rest of the path.
        fields: The headers, by their lower-case names.
        body: What follows.
    """

    method: str
    door: str
    kind: str
    fields: dict[str, str]
    body: BufferedReader


class LocalServer(ABC):
    """Takes connections in a thread, and serves each in its own.

    Args:
        listener: A socket that listens.

    Attributes:
        what: What is served, as the log names it.
        most: How many are served at the same time. As many more are told that they are too many.
            Any further one is closed at once, for each has a thread.
        too_many: What one more is told.
        stalled_s: A client that takes or sends nothing for so long is gone.
    """

    what = ""
    most = 16
    too_many = "too many ask for it"
    stalled_s = 10.0

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="server", daemon=True)
        self._thread.start()

    @abstractmethod
    def answer(self, connection: socket.socket, request: Request) -> None:
        """Serve one client. An OSError ends it in silence: it is gone, or too slow."""

    def is_serving(self) -> bool:
        """Whether it takes connections, or will again."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Take no more connections, and end those that there are."""
        self._closed.set()
        with self._lock:
            for connection in (self._listener, *self._connections):
                shut(connection)

    def _accept(self) -> None:
        is_told = False
        while not self._closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if not is_told and not self._closed.is_set():
                    log.warning("no %s for now: %s", self.what, error.strerror)
                    is_told = True
                self._closed.wait(PAUSE_S)
                continue
            is_told = False
            self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        with self._lock:
            count = len(self._connections) + 1
            if count > 2 * self.most:
                connection.close()
                return
            self._connections.add(connection)
        target, args = self._serve, (connection, count)
        try:
            threading.Thread(target=target, args=args, name="client", daemon=True).start()
        except RuntimeError as error:  # the system gives no more threads
            log.warning("no %s for one client: %s", self.what, error)
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _serve(self, connection: socket.socket, count: int) -> None:
        with connection, suppress(OSError):
            try:
                connection.settimeout(REQUEST_S)
                with connection.makefile("rb") as lines:
                    request = _read(lines)
                    connection.settimeout(self.stalled_s)
                    if count > self.most:
                        refuse(connection, HTTPStatus.TOO_MANY_REQUESTS, self.too_many)
                    else:
                        self.answer(connection, request)
            finally:
                with self._lock:
                    self._connections.discard(connection)


def _read(lines: BufferedReader) -> Request:
    words = lines.readline(LINE_BYTES).decode(errors="replace").split()
    fields = {}
    while line := lines.readline(LINE_BYTES).decode(errors="replace").strip():
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    method, path, _ = words if len(words) == REQUEST_WORDS else ("", "", "")
    door, _, kind = path.removeprefix("/").partition("/")
    return Request(method, door, kind, fields, lines)


def head(status: HTTPStatus, media_type: str) -> bytes:
    """The head of a response, which ends with the connection."""
    line = f"HTTP/1.1 {status} {status.phrase}"
    return f"{line}\r\nContent-Type: {media_type}\r\nConnection: close\r\n\r\n".encode()


def refuse(connection: socket.socket, status: HTTPStatus, reason: str) -> None:
    """Say in words why there is nothing."""
    connection.sendall(head(status, "text/plain; charset=utf-8") + reason.encode())


def send(connection: socket.socket, data: bytes) -> None:
    """Send it piece by piece: a slow client has its time for each, one that takes nothing ends."""
    left = memoryview(data)
    while left:
        connection.sendall(left[:PIECE_BYTES])
        left = left[PIECE_BYTES:]


def shut(connection: socket.socket) -> None:
    """End a connection, also while another thread reads or writes there."""
    with suppress(OSError):  # the other end has closed it
        connection.shutdown(socket.SHUT_RDWR)
