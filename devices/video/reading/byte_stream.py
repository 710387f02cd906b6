"""The bytes of a connection as they come, for those who take them apart."""

import time
from collections.abc import Callable, Iterator
from typing import Any

MOST_HEAD = 4096  # bytes
HEAD_S = 10.0


class ByteStream:
    """An HTTP connection of FFmpeg's: logins, redirections and TLS are its work.

    Many a camera takes one connection only. So what it sends is looked at first, and then read on
    in the same connection.

    Args:
        container: A container of PyAV's, of which the format is `data`.
    """

    def __init__(self, container: Any) -> None:
        self._container = container
        self._pieces = (bytes(packet) for packet in container.demux(container.streams[0]))
        self._waiting = b""

    def look_ahead(self, is_enough: Callable[[bytes], bool]) -> bytes:
        """The first bytes, which stay to be read: those that are enough, or about 4 kB.

        The first piece may be a single blank line. What comes too slowly is not waited for.
        """
        latest = time.monotonic() + HEAD_S
        for piece in self._pieces:
            self._waiting += piece
            is_long = len(self._waiting) >= MOST_HEAD or time.monotonic() > latest
            if is_long or is_enough(self._waiting):
                break
        return self._waiting

    def __iter__(self) -> Iterator[bytes]:
        """All bytes, in pieces as they come."""
        yield self._waiting
        yield from self._pieces

    def read(self, size: int) -> bytes:
        """Some bytes, as of a file; none at the end."""
        while not self._waiting:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._waiting = piece
        found, self._waiting = self._waiting[:size], self._waiting[size:]
        return found

    def close(self) -> None:
        """Close the connection."""
        self._container.close()
