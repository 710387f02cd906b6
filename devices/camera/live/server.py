"""Serves what cameras see now, over HTTP on a local socket, while somebody looks."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from devices.camera.camera import Camera
from devices.camera.live.place import listening
from devices.video.recorded import CameraError, NoCopyError

if TYPE_CHECKING:  # it comes with PyAV, which takes 20 MB
    from devices.video.live.viewer import Viewer

log = logging.getLogger(__name__)
MOST_VIEWERS = 16  # each has a thread
REQUEST_S = 5.0
REQUEST_BYTES = 4096
REQUEST_WORDS = 3
PIECE_BYTES = 65_536
STALLED_S = 10.0  # a client that takes so long for a piece is gone
WAIT_S = 1.0
PAUSE_S = 1.0  # until a connection is taken again, after the system gave none
TOO_MANY = "too many are looking"
UNKNOWN = "there is nothing here. Ask for /DOOR/video or /DOOR/still"


@contextmanager
def serving_live(folder: Path, camera_at: Callable[[str], Camera]) -> Iterator[None]:
    """Serve `/DOOR/video`, an MP4 without an end, and `/DOOR/still`, a JPEG, while this lasts.

    A recorder that cannot do so records all the same.

    Args:
        folder: Where the socket is to be.
        camera_at: Finds the camera at a door, or raises CameraError.
    """
    with ExitStack() as stack:
        try:
            listener = stack.enter_context(listening(folder, MOST_VIEWERS))
        except OSError as error:
            log.warning("%s: no live picture: %s", folder, error.strerror)
        else:
            stack.callback(LiveServer(listener, camera_at).close)
        yield


class LiveServer:
    """Takes connections in a thread, and serves each in its own.

    Args:
        listener: A socket that listens.
        camera_at: Finds the camera at a door, or raises CameraError.
    """

    def __init__(self, listener: socket.socket, camera_at: Callable[[str], Camera]) -> None:
        self._listener = listener
        self._camera_at = camera_at
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="live", daemon=True)
        self._thread.start()

    def is_serving(self) -> bool:
        """Whether it takes connections, or will again."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Take no more connections, and end those that there are."""
        self._closed.set()
        with self._lock:
            for connection in (self._listener, *self._connections):
                _shut(connection)

    def _accept(self) -> None:
        is_told = False
        while not self._closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if not is_told and not self._closed.is_set():
                    log.warning("no live picture for now: %s", error.strerror)
                    is_told = True
                self._closed.wait(PAUSE_S)
                continue
            is_told = False
            target = self._serve
            threading.Thread(target=target, args=(connection,), name="viewer", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client is gone, or too slow
            with self._lock:
                self._connections.add(connection)
                count = len(self._connections)
            try:
                connection.settimeout(REQUEST_S)
                door, wanted = _read_request(connection)
                connection.settimeout(STALLED_S)
                if count > MOST_VIEWERS:
                    _refuse(connection, HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY)
                else:
                    self._answer(connection, door, wanted)
            finally:
                with self._lock:
                    self._connections.discard(connection)

    def _answer(self, connection: socket.socket, door: str, wanted: str) -> None:
        try:
            camera = self._camera_at(door)
            if wanted == "still":
                jpeg = camera.still()
                _send(connection, _head(HTTPStatus.OK, "image/jpeg") + jpeg)
            elif wanted == "video":
                with camera.watch() as viewer:
                    _show(connection, viewer, camera)
            else:
                _refuse(connection, HTTPStatus.NOT_FOUND, UNKNOWN)
        except NoCopyError as error:
            _refuse(connection, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error))
        except CameraError as error:
            _refuse(connection, HTTPStatus.SERVICE_UNAVAILABLE, str(error))


def _show(connection: socket.socket, viewer: "Viewer", camera: Camera) -> None:
    """Send what comes, until the client is gone, or there is no picture any more."""
    from devices.video.live.live_mp4 import LiveMp4  # noqa: PLC0415 - PyAV takes 20 MB

    mp4 = LiveMp4(viewer.stream_format, viewer.first, viewer.turn)
    viewer.on_end = partial(_shut, connection)  # also while this waits for a slow client
    connection.sendall(_head(HTTPStatus.OK, f'video/mp4; codecs="{mp4.codec}"') + mp4.head)
    while (packets := viewer.wait(WAIT_S)) is not None and not camera.private():
        if packets:
            _send(connection, mp4.fragment(packets))


def _send(connection: socket.socket, data: bytes) -> None:
    """Send it piece by piece: a slow client has its time for each, one that takes nothing ends."""
    left = memoryview(data)
    while left:
        connection.sendall(left[:PIECE_BYTES])
        left = left[PIECE_BYTES:]


def _read_request(connection: socket.socket) -> tuple[str, str]:
    """Door and kind of `GET /DOOR/KIND HTTP/1.1`; empty texts for any other request."""
    with connection.makefile("rb") as lines:
        words = lines.readline(REQUEST_BYTES).decode(errors="replace").split()
        is_header = True
        while is_header:  # they say nothing that matters here
            is_header = bool(lines.readline(REQUEST_BYTES).strip())
    path = words[1] if len(words) == REQUEST_WORDS else ""
    door, _, kind = path.removeprefix("/").partition("/")
    return door, kind


def _refuse(connection: socket.socket, status: HTTPStatus, reason: str) -> None:
    connection.sendall(_head(status, "text/plain; charset=utf-8") + reason.encode())


def _head(status: HTTPStatus, kind: str) -> bytes:
    line = f"HTTP/1.1 {status} {status.phrase}"
    return f"{line}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other end has closed it
        connection.shutdown(socket.SHUT_RDWR)
