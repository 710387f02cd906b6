"""The turns of those who speak: what a phone sends in pieces, as one connection to the door."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote

from hub.system.language import gettext as _
from hub.web.device_socket import DeviceSocket, Opened

SILENT_S = 1.5  # a phone that sends nothing for so long has vanished
MOST = 16
WAITING_BYTES = 32_000  # a second: that process hangs, and what it does not take is left out
REASON_BYTES = 1_000


class Piece(NamedTuple):
    """Some words of a person.

    Attributes:
        key: Whose, and of which turn.
        door: Where they are to be heard.
        person: Who speaks.
        volume: In percent of the one that is set.
        sound: See `devices.talk.audio.pcm`. It may be empty.
        is_last: Whether the turn ends with it.
    """

    key: tuple[str, str]
    door: str
    person: str
    volume: int
    sound: bytes
    is_last: bool


class Refused(NamedTuple):
    """Why nothing is heard.

    Attributes:
        status: The status of HTTP.
        words: The reason, for people.
    """

    status: int
    words: str


class Turns:
    """Has a connection for each that speaks, and none when nobody does.

    Args:
        socket: The way to the process that has the speakers.
    """

    def __init__(self, socket: DeviceSocket) -> None:
        self._socket = socket
        self._turns: dict[tuple[str, str], _Turn] = {}
        self._opening: set[tuple[str, str]] = set()

    def close(self) -> None:
        """End all turns."""
        for turn in self._turns.values():
            turn.close()

    async def say(self, piece: Piece) -> Refused | None:
        """Pass on the words. The first ones of a turn begin it.

        Returns:
            Why they are not heard; None when they are.
        """
        turn = self._turns.get(piece.key)
        if turn is None:
            found = await self._begin(piece)
            if isinstance(found, Refused):
                return found
            turn = found
        if turn.is_over:
            reason = turn.reason or self._socket.away
            self._forget(piece.key)
            return Refused(HTTPStatus.GONE, _(reason))
        turn.pass_on(piece.sound)
        if piece.is_last:
            self._forget(piece.key)
        return None

    async def _begin(self, piece: Piece) -> "_Turn | Refused":
        if len(self._turns) + len(self._opening) >= MOST or piece.key in self._opening:
            return Refused(HTTPStatus.TOO_MANY_REQUESTS, _("Too many speak at the same time"))
        self._opening.add(piece.key)
        fields = f"By: {quote(piece.person)}\r\nVolume: {piece.volume}\r\n"
        try:
            opened = await self._socket.open(f"POST /{piece.door}/say", fields)
        except ConnectionError as error:
            return Refused(HTTPStatus.SERVICE_UNAVAILABLE, _(str(error)))
        finally:
            self._opening.discard(piece.key)
        if opened.status != HTTPStatus.OK:
            return await self._refusal(opened)
        turn = self._turns[piece.key] = _Turn(opened, lambda: self._forget(piece.key))
        return turn

    async def _refusal(self, opened: Opened) -> Refused:
        try:
            words = (await opened.reader.read(REASON_BYTES)).decode(errors="replace")
        except OSError:
            words = ""
        opened.writer.close()
        if opened.status == HTTPStatus.CONFLICT:
            return Refused(opened.status, _("%(person)s is speaking") % {"person": words})
        return Refused(opened.status, _(words or self._socket.away))

    def _forget(self, key: tuple[str, str]) -> None:
        if turn := self._turns.pop(key, None):
            turn.close()


class _Turn:
    """One connection, on which words go."""

    def __init__(self, opened: Opened, on_silence: Callable[[], None]) -> None:
        self._writer = opened.writer
        self._on_silence = on_silence
        self._loop = asyncio.get_running_loop()
        self._silence = self._loop.call_later(SILENT_S, on_silence)
        self._end = asyncio.create_task(opened.reader.read())

    @property
    def is_over(self) -> bool:
        """Whether that process has ended it, or has died."""
        return self._end.done()

    @property
    def reason(self) -> str:
        """Why it has; empty where it said nothing."""
        failed = self._end.cancelled() or self._end.exception()
        return "" if failed else self._end.result().decode(errors="replace")

    def pass_on(self, sound: bytes) -> None:
        """Send this on, unless too much waits already."""
        self._silence.cancel()
        self._silence = self._loop.call_later(SILENT_S, self._on_silence)
        if self._writer.transport.get_write_buffer_size() < WAITING_BYTES:
            self._writer.write(sound)

    def close(self) -> None:
        """End it."""
        self._silence.cancel()
        self._end.cancel()
        self._writer.close()
