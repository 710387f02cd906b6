"""Asks the process that has a device, over its socket. The device's libraries stay in there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from starlette.responses import PlainTextResponse, Response, StreamingResponse

from devices.machine.local_socket import LocalSocket
from hub.system.language import gettext as _

CHUNK_BYTES = 65_536
ANSWER_S = 10.0  # a camera that was just switched on takes some seconds to give its first picture
LONGEST_S = 600.0  # then the page asks anew: a phone that was revoked meanwhile sees no more
TEXT = "text/plain; charset=utf-8"


class Reply(NamedTuple):
    """What it said.

    Attributes:
        status: The status of HTTP.
        media_type: What the body is; of a refusal it is a text for people.
        body: The bytes, as they come.
    """

    status: int
    media_type: str
    body: AsyncIterator[bytes]


class Opened(NamedTuple):
    """A connection on which a request was answered.

    Attributes:
        status: The status of HTTP.
        media_type: What follows.
        reader: It follows here.
        writer: For what the request goes on with; whoever opened it closes it.
    """

    status: int
    media_type: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class DeviceSocket:
    """Has a connection for each that looks or listens, and none when nobody does.

    Args:
        place: Which socket.
        folder: Where it is.
        away: What a person is told while that process does not run.
        slow: And when it does not answer.
        waiting_bytes: About half of what may wait here for a client that reads slowly.
    """

    def __init__(
        self,
        place: LocalSocket,
        folder: Path,
        *,
        away: str,
        slow: str,
        waiting_bytes: int = CHUNK_BYTES,
    ) -> None:
        self._place = place
        self._folder = folder
        self._connections: set[asyncio.StreamWriter] = set()
        self._is_closed = False
        self.away = away
        self.slow = slow
        self._waiting_bytes = waiting_bytes

    def close(self) -> None:
        """End all connections, also those that are just being opened."""
        self._is_closed = True
        for writer in self._connections:
            writer.close()

    async def ask(self, path: str) -> Reply:
        """Ask for something, like `/DOOR/video`."""
        try:
            opened = await self.open(f"GET {path}")
        except ConnectionError as error:
            return refusal(str(error))
        body = self._body(opened.reader, opened.writer)
        return Reply(opened.status, opened.media_type, body)

    async def open(self, request: str, fields: str = "") -> Opened:
        """Make a request, and read the head of the answer.

        Args:
            request: Its method and path.
            fields: Further headers, each with its end of line.

        Raises:
            ConnectionError: That process does not run, or does not answer, in words.
        """
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._open(f"{request} HTTP/1.1\r\nHost: doorbell\r\n{fields}\r\n")
        except TimeoutError:
            raise ConnectionError(self.slow) from None
        except (OSError, EOFError, ValueError, LookupError):
            raise ConnectionError(self.away) from None

    async def _open(self, request: str) -> Opened:
        with self._place.short_name(self._folder) as name:
            reader, writer = await asyncio.open_unix_connection(name, limit=self._waiting_bytes)
        try:
            with self._ending_at_close(writer):
                writer.write(request.encode())
                head = await reader.readuntil(b"\r\n\r\n")
            line, *fields = head.decode().strip().split("\r\n")
            headers = dict(field.split(": ", 1) for field in fields)
            return Opened(int(line.split()[1]), headers["Content-Type"], reader, writer)
        except BaseException:
            writer.close()
            raise

    async def _body(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> AsyncIterator[bytes]:
        end = asyncio.get_running_loop().call_later(LONGEST_S, writer.close)
        try:
            with self._ending_at_close(writer):
                while data := await reader.read(CHUNK_BYTES):
                    yield data
        except ConnectionError:
            return  # that process was killed
        finally:
            end.cancel()
            writer.close()

    @contextmanager
    def _ending_at_close(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Meanwhile `close` ends this connection, and nobody waits for more of it."""
        self._connections.add(writer)
        if self._is_closed:
            writer.close()
        try:
            yield
        finally:
            self._connections.discard(writer)


def refusal(reason: str) -> Reply:
    """A reply that says in words why there is nothing."""

    async def body() -> AsyncIterator[bytes]:
        yield reason.encode()

    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, TEXT, body())


async def respond(reply: Reply) -> Response:
    """Pass a reply on: what comes, as it comes; why there is nothing, in the reader's language."""
    if reply.status == HTTPStatus.OK:
        return StreamingResponse(reply.body, media_type=reply.media_type)
    words = b"".join([part async for part in reply.body]).decode(errors="replace")
    return PlainTextResponse(_(words), reply.status)
