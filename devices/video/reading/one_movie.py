"""Ends a stream of MP4 where another film begins in it, which FFmpeg does not notice."""

from devices.video.reading.byte_stream import ByteStream

HEAD = 8  # bytes before a box (ISO 14496-12, 4.2)
LONG_HEAD = 16
MOST_MOOV = 1_000_000
ENDLESS = 2**63  # a box of size 0 goes on to the end


class OneMovie:
    """The bytes of a connection up to a `moov` with another format than the first one.

    FFmpeg skips each further one, and takes the pictures behind it for those of the first.

    Args:
        stream: The connection.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._head = b""
        self._left = 0  # bytes of the current box that have not come
        self._moov: bytearray | None = None  # what has come of the current one
        self._formats: list[bytes] | None = None
        self._is_over = False

    def read(self, size: int) -> bytes:
        """Some bytes, as of a file; none at the end."""
        data = b"" if self._is_over else self._stream.read(size)
        place = 0
        while place < len(data) and not self._is_over:
            place = self._walk(data, place)
        return data[:place]

    def _walk(self, data: bytes, place: int) -> int:
        """Go on in the current box, or into the next one, and say how far."""
        if self._left:
            end = min(len(data), place + self._left)
            self._left -= end - place
            if self._moov is not None:
                self._moov += data[place:end]
                if not self._left:
                    self._note(bytes(self._moov))
            return end
        is_long = self._head[:4] == b"\0\0\0\1"
        end = place + (LONG_HEAD if is_long else HEAD) - len(self._head)
        self._head += data[place:end]
        self._begin_box()
        return min(end, len(data))

    def _begin_box(self) -> None:
        """Take in the head of a box as soon as it is there."""
        is_long = self._head[:4] == b"\0\0\0\1"
        length = LONG_HEAD if is_long else HEAD
        if len(self._head) < length:
            return
        size = int.from_bytes(self._head[8:] if is_long else self._head[:4], "big")
        is_moov = self._head[4:8] == b"moov" and size < MOST_MOOV
        self._moov = bytearray() if is_moov else None
        self._left = max(0, size - length) if size else ENDLESS
        self._head = b""

    def _note(self, moov: bytes) -> None:
        """Compare its formats with those of the first one; its times may be others."""
        formats = _boxes(moov, b"stsd")
        if self._formats is None:
            self._formats = formats
        self._is_over = formats != self._formats


def _boxes(data: bytes, kind: bytes) -> list[bytes]:
    """Each box of a kind, wherever it is."""
    found = []
    place = data.find(kind)
    while place > 0:
        size = int.from_bytes(data[place - 4 : place], "big")
        found.append(data[place : place - 4 + size])
        place = data.find(kind, place + 4)
    return found
