"""Finds the JPEGs in a stream of bytes, whatever stands between them."""

from collections.abc import Iterator

SOI = b"\xff\xd8\xff"  # start of image, and the marker that follows it (ITU-T T.81, annex B)
EOI = b"\xff\xd9"
SOS = 0xDA
SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the markers SOF0 to SOF15
MOST_BYTES = 16_000_000
BEGINNINGS = (b"--", b"content-", SOI)


def is_jpeg_stream(head: bytes) -> bool:
    """Whether a stream that begins so is one of JPEGs, with headers between them or without."""
    return head.lstrip().lower().startswith(BEGINNINGS)


class JpegScanner:
    """Takes bytes as they come, and gives each JPEG as soon as its last byte is there.

    Neither boundaries nor lengths are believed: cameras leave them out, or put them behind.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._searched = 0  # no picture ends before it

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pictures that are complete now.

        Raises:
            ValueError: No picture ends within 16 MB.
        """
        self._bytes += data
        while (end := self._end()) > 0:
            yield bytes(self._bytes[:end])
            del self._bytes[:end]
            self._searched = 0
        if len(self._bytes) > MOST_BYTES:
            raise ValueError("it sends no complete JPEG")

    def _end(self) -> int:
        """Where the first picture ends, when all before it is dropped; 0 if it is not complete."""
        if not self._bytes.startswith(SOI):
            begin = self._bytes.find(SOI)
            if begin < 0:
                del self._bytes[: -len(SOI)]  # its first bytes may be there
                return 0
            del self._bytes[:begin]
        if not self._searched:
            self._searched = _scan_begin(self._bytes)
        if not self._searched:
            return 0
        end = self._bytes.find(EOI, self._searched)
        if end < 0:
            self._searched = max(self._searched, len(self._bytes) - 1)
            return 0
        return end + len(EOI)


def size_of_jpeg(jpeg: bytes) -> tuple[int, int]:
    """The width and height of a JPEG, in pixels.

    Raises:
        ValueError: It does not say them.
    """
    for marker, place in _segments(jpeg):
        if marker in SIZES and place + 9 <= len(jpeg):
            height = int.from_bytes(jpeg[place + 5 : place + 7], "big")
            width = int.from_bytes(jpeg[place + 7 : place + 9], "big")
            if width and height:
                return width, height
    raise ValueError("it sends a JPEG without a size")


def _scan_begin(jpeg: bytearray) -> int:
    """Where the picture's data begins, behind headers in which there may be another JPEG."""
    return next((place for marker, place in _segments(jpeg) if marker == SOS), 0)


def _segments(jpeg: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """The marker and place of each segment that is there, up to the picture's data."""
    place = 2
    while place + 4 <= len(jpeg) and jpeg[place] == SOI[0]:
        marker = jpeg[place + 1]
        if marker == SOI[0]:  # a fill byte
            place += 1
            continue
        yield marker, place
        if marker == SOS:
            return
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
