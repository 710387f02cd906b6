"""Serves what cameras see now, over HTTP on a local socket, while somebody looks."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from devices.camera.camera import Camera
from devices.camera.live.place import LIVE
from devices.machine.local_server import LocalServer, Request, head, refuse, send, shut
from devices.video.recorded import CameraError, NoCopyError
from devices.words import marked

if TYPE_CHECKING:  # it comes with PyAV, which takes 20 MB
    from devices.video.live.viewer import Viewer

log = logging.getLogger(__name__)
WAIT_S = 1.0
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
            listener = stack.enter_context(LIVE.listening(folder, LiveServer.most))
        except OSError as error:
            log.warning("%s: no live picture: %s", folder, error.strerror)
        else:
            stack.callback(LiveServer(listener, camera_at).close)
        yield


class LiveServer(LocalServer):
    """Shows cameras to those who look.

    Args:
        listener: A socket that listens.
        camera_at: Finds the camera at a door, or raises CameraError.
    """

    what = "live picture"
    too_many = marked("too many are looking")

    def __init__(self, listener: socket.socket, camera_at: Callable[[str], Camera]) -> None:
        self._camera_at = camera_at
        super().__init__(listener)

    def answer(self, connection: socket.socket, request: Request) -> None:
        """See LocalServer."""
        try:
            camera = self._camera_at(request.door)
            if request.kind == "still":
                jpeg = camera.still()
                send(connection, head(HTTPStatus.OK, "image/jpeg") + jpeg)
            elif request.kind == "video":
                with camera.watch() as viewer:
                    _show(connection, viewer, camera)
            else:
                refuse(connection, HTTPStatus.NOT_FOUND, UNKNOWN)
        except NoCopyError as error:
            refuse(connection, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error))
        except CameraError as error:
            refuse(connection, HTTPStatus.SERVICE_UNAVAILABLE, str(error))


def _show(connection: socket.socket, viewer: "Viewer", camera: Camera) -> None:
    """Send what comes, until the client is gone, or there is no picture any more."""
    from devices.video.live.live_mp4 import LiveMp4  # noqa: PLC0415 - PyAV takes 20 MB

    mp4 = LiveMp4(viewer.stream_format, viewer.first, viewer.turn)
    viewer.on_end = partial(shut, connection)  # also while this waits for a slow client
    connection.sendall(head(HTTPStatus.OK, f'video/mp4; codecs="{mp4.codec}"') + mp4.head)
    while (packets := viewer.wait(WAIT_S)) is not None and not camera.private():
        if packets:
            send(connection, mp4.fragment(packets))
