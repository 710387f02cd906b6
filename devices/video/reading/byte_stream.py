"""The bytes of a connection as they come, for those who take them apart."""

from collections.abc import Iterator
from typing import Any


class ByteStream:
    """An HTTP connection of FFmpeg's: logins, redirections and TLS are its work.

    Many a camera takes one connection only. So what it sends is looked at first, and then read on
    in the same connection.

    Args:
        container: A container of PyAV's, of which the format is `data`.

    Attributes:
        head: The first bytes.
    """

    def __init__(self, container: Any) -> None:
        self._container = container
        self._pieces = (bytes(packet) for packet in container.demux(container.streams[0]))
        self.head = next(self._pieces, b"")
        self._waiting = self.head

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
