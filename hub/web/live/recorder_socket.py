"""Asks the process that has the cameras, over its socket. PyAV stays in that process."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from devices.camera.live.place import short_name

CHUNK_BYTES = 65_536
ANSWER_S = 10.0  # a camera that was just switched on takes some seconds to give its first picture
LONGEST_S = 600.0  # then the page asks anew: a phone that was revoked meanwhile sees no more
AWAY = "No live picture: the process that has the camera does not run"
SLOW = "No live picture: the process that has the camera does not answer"


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


class RecorderSocket:
    """Has a connection for each that looks, and none when nobody does.

    Args:
        folder: Where the socket is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connections: set[asyncio.StreamWriter] = set()

    def close(self) -> None:
        """End all connections."""
        for writer in self._connections:
            writer.close()

    async def ask(self, path: str) -> Reply:
        """Ask for `/DOOR/video` or `/DOOR/still`."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._ask(path)
        except TimeoutError:
            return _refusal(SLOW)
        except (OSError, EOFError, ValueError, LookupError):
            return _refusal(AWAY)

    async def _ask(self, path: str) -> Reply:
        with short_name(self._folder) as name:
            reader, writer = await asyncio.open_unix_connection(name)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: doorbell\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            line, *fields = head.decode().strip().split("\r\n")
            headers = dict(field.split(": ", 1) for field in fields)
            body = self._body(reader, writer)
            return Reply(int(line.split()[1]), headers["Content-Type"], body)
        except BaseException:
            writer.close()
            raise

    async def _body(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> AsyncIterator[bytes]:
        self._connections.add(writer)
        end = asyncio.get_running_loop().call_later(LONGEST_S, writer.close)
        try:
            while data := await reader.read(CHUNK_BYTES):
                yield data
        except ConnectionError:
            return  # that process was killed
        finally:
            end.cancel()
            self._connections.discard(writer)
            writer.close()


def _refusal(reason: str) -> Reply:
    async def body() -> AsyncIterator[bytes]:
        yield reason.encode()

    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", body())
