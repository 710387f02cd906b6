"""Serves the doors' speakers and microphones, over HTTP on a local socket, while somebody talks."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from devices.machine.local_server import LocalServer, Request, head, refuse
from devices.speaker.sounds.samples import SpeakerError
from devices.talk.audio.pcm import MEDIA_TYPE, SAMPLE_BYTES
from devices.talk.line import STUCK_S, Line, OccupiedError, Turn
from devices.talk.place import TALK
from devices.words import marked

log = logging.getLogger(__name__)
MOST_LISTENERS = 12  # fewer than there are places, so that a crowd of them leaves one to speak
READ_BYTES = 4096
WAITING_BYTES = 8192  # of what is heard; the system doubles it, for its own use. More would be late
TEXT = "text/plain; charset=utf-8"
UNKNOWN = "there is nothing here. Ask for GET /DOOR/listen or POST /DOOR/say"


@contextmanager
def serving_talk(folder: Path, line_to: Callable[[str], Line]) -> Iterator[None]:
    """Serve `GET /DOOR/listen` and `POST /DOOR/say`, both without an end, while this lasts.

    Args:
        folder: Where the socket is to be.
        line_to: Finds the line to a door, or raises SpeakerError.

    Raises:
        OSError: There can be no socket.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(TALK.listening(folder, TalkServer.most))
        stack.callback(TalkServer(listener, line_to).close)
        yield


class TalkServer(LocalServer):
    """Lets people speak and listen.

    Args:
        listener: A socket that listens.
        line_to: Finds the line to a door, or raises SpeakerError.
    """

    what = "talk"
    too_many = marked("too many are listening")
    stalled_s = 2.0  # a phone that sends nothing for so long has vanished

    def __init__(self, listener: socket.socket, line_to: Callable[[str], Line]) -> None:
        self._line_to = line_to
        self._seats = threading.Semaphore(MOST_LISTENERS)
        super().__init__(listener)

    def answer(self, connection: socket.socket, request: Request) -> None:
        """See LocalServer."""
        try:
            line = self._line_to(request.door)
            if (request.method, request.kind) == ("GET", "listen"):
                self._seat(connection, line)
            elif (request.method, request.kind) == ("POST", "say"):
                _speak(connection, request, line)
            else:
                refuse(connection, HTTPStatus.NOT_FOUND, UNKNOWN)
        except OccupiedError as error:
            refuse(connection, HTTPStatus.CONFLICT, str(error))
        except SpeakerError as error:
            log.warning("%s: %s", request.door, error)
            refuse(connection, HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    def _seat(self, connection: socket.socket, line: Line) -> None:
        if not self._seats.acquire(blocking=False):
            refuse(connection, HTTPStatus.TOO_MANY_REQUESTS, self.too_many)
            return
        try:
            _listen(connection, line)
        finally:
            self._seats.release()


def _listen(connection: socket.socket, line: Line) -> None:
    """Send what is heard, until the client is gone, or nothing is heard any more."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WAITING_BYTES)
    with line.listening() as listener:
        connection.sendall(head(HTTPStatus.OK, MEDIA_TYPE))
        while (sound := listener.wait(STUCK_S)) and not line.private():
            connection.sendall(sound)


def _speak(connection: socket.socket, request: Request, line: Line) -> None:
    """Have what comes heard, and say why, where it is not the client that ends it."""
    person = unquote(request.fields.get("by", ""))
    with line.speaking(person, _volume(request)) as turn:
        connection.sendall(head(HTTPStatus.OK, TEXT))
        try:
            reason = _pass_on(request, turn)
        except OSError:
            return  # it has vanished
    connection.sendall(reason.encode())
    connection.shutdown(socket.SHUT_WR)
    while request.body.read1(READ_BYTES):
        pass  # a connection that is closed before all was read loses the reason


def _pass_on(request: Request, turn: Turn) -> str:
    left = b""  # of a sample of which half has come
    while data := request.body.read1(READ_BYTES):
        data = left + data
        whole = len(data) // SAMPLE_BYTES * SAMPLE_BYTES
        left = data[whole:]
        turn.say(data[:whole])
        if reason := turn.over_because():
            return reason
    return ""


def _volume(request: Request) -> float:
    """In percent there, 0 to 1 here; full volume for anything else."""
    try:
        percent = float(request.fields.get("volume", "100"))
    except ValueError:
        return 1.0
    return min(1.0, max(0.0, percent / 100)) if percent == percent else 1.0  # noqa: PLR0124 - nan
