"""Asks the process that has the cameras, over its socket. PyAV stays in that process."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from devices.camera.live.place import short_name

CHUNK_BYTES = 65_536
ANSWER_S = 10.0  # a camera that was just switched on takes some seconds to give its first picture
AWAY = "No live picture: the process that has the camera does not run"
SLOW = "No live picture: the camera's process does not answer"


class Reply(NamedTuple):
    """What it said.

    Attributes:
        status: The status of HTTP.
        media_type: What the body is; of a refusal it is a text for people.
        body: The bytes, as they come. Close it.
    """

    status: int
    media_type: str
    body: AsyncIterator[bytes]


async def ask(folder: Path, path: str) -> Reply:
    """Ask for a path.

    Args:
        folder: Where its socket is.
        path: `/DOOR/video` or `/DOOR/still`.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            return await _ask(folder, path)
    except TimeoutError:
        return _refusal(SLOW)
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        return _refusal(AWAY)


async def _ask(folder: Path, path: str) -> Reply:
    with short_name(folder) as name:
        reader, writer = await asyncio.open_unix_connection(name)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: doorbell\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode().strip().split("\r\n")
        headers = dict(field.lower().split(": ", 1) for field in fields)
        return Reply(int(line.split()[1]), headers["content-type"], _body(reader, writer))
    except BaseException:
        writer.close()
        raise


async def _body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    try:
        while data := await reader.read(CHUNK_BYTES):
            yield data
    except ConnectionError:
        return  # it ended in the middle
    finally:
        writer.close()


def _refusal(reason: str) -> Reply:
    async def body() -> AsyncIterator[bytes]:
        yield reason.encode()

    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", body())
