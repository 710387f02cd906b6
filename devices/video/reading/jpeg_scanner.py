"""Finds the JPEGs in a stream of bytes, whatever stands between them."""

import re
from collections.abc import Iterator

SOI = b"\xff\xd8\xff"  # start of image, and the marker that follows it (ITU-T T.81, annex B)
EOI = b"\xff\xd9"
# Both at once: with one first byte, this takes less time than to find one of them.
MARK = re.compile(b"\xff(?:\xd9|\xd8\xff)")
SOS = 0xDA
SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the markers SOF0 to SOF15
SEGMENTS = {*range(0xC0, 0xFF)} - {*range(0xD0, 0xDA)}  # the markers with a length behind them
MOST_BYTES = 16_000_000
MOST_BETWEEN = 4096  # bytes of text before a picture that are looked at
BINARY = re.compile(rb"[^\t\r\n -~]")
LINE = re.compile(rb"[!-~][ -~]{4,}")  # a shorter one could be found in a picture by chance
BEGINNINGS = (b"--", b"content-")
JPEG_TYPE = re.compile(rb"content-type\s*:\s*image/jpe?g", re.IGNORECASE)


def is_jpeg_stream(head: bytes) -> bool:
    """Whether a stream that begins so is one of JPEGs, with headers between them or without.

    Before the first one may stand any text: a preamble (RFC 2046, 5.1.1), a second HTTP head.
    """
    if head.lstrip().lower().startswith(BEGINNINGS) or JPEG_TYPE.search(head):
        return True
    text, picture, _ = head.partition(SOI)
    return bool(picture) and not BINARY.search(text)


class JpegScanner:
    """Takes bytes as they come, and gives each JPEG as soon as its last byte is there.

    Lengths are not believed: cameras leave them out, or put them behind. One that is cut off ends
    where the next one begins, or where the line comes again that stood before it: a boundary.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._searched = 0  # no picture's data ends before it; 0 within the headers
        self._separator: bytes | None = None
        self._last_was_whole = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pictures that are complete now.

        What has no end is a picture if the one before it had none, either: some cameras leave all
        ends out. Otherwise it was cut off, and is left out.

        Raises:
            ValueError: No picture ends within 16 MB.
        """
        self._bytes += data
        while self._find_begin() and (end := self._end()):
            jpeg = bytes(self._bytes[:end]) if self._searched else b""
            del self._bytes[:end]
            self._searched = 0
            if not jpeg:
                continue
            is_whole = jpeg.endswith(EOI)
            if is_whole or not self._last_was_whole:
                yield jpeg if is_whole else jpeg + EOI
            self._last_was_whole = is_whole
        if len(self._bytes) > MOST_BYTES:
            raise ValueError("it sends no complete JPEG")

    def finish(self) -> Iterator[bytes]:
        """The last picture, if the end of the connection is its only end."""
        return self.feed(SOI)

    def _find_begin(self) -> bool:
        """Drop what stands before a picture, and note the line that separates it from others."""
        begin = self._bytes.find(SOI)
        if begin < 0:
            del self._bytes[:-MOST_BETWEEN]
            return False
        if begin:
            self._separator = _first_line(self._bytes[:begin])
            del self._bytes[:begin]
        return True

    def _end(self) -> int:
        """Where what begins here ends; 0 if that is not there yet."""
        if not self._searched:
            data_begin, fault = _scan_begin(self._bytes)
            cut = self._bytes.find(self._separator) if self._separator else -1
            if cut > 0 and not 0 < data_begin < cut:
                return cut
            if not data_begin:
                return fault
            self._searched = data_begin
        mark = MARK.search(self._bytes, self._searched)
        behind = mark.start() if mark else len(self._bytes)
        if self._separator:
            cut = self._bytes.find(self._separator, self._searched, behind)
            if cut >= 0:
                return cut
        if mark:
            return mark.end() if mark[0] == EOI else behind
        longest = max(len(SOI), len(self._separator or b""))
        self._searched = max(self._searched, len(self._bytes) + 1 - longest)
        return 0


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


def _first_line(between: bytearray) -> bytes | None:
    """The first line of the text right before a picture, as it would follow a picture."""
    text = BINARY.split(between)[-1]
    line = LINE.search(text)
    return b"\n" + line[0] if line else None


def _scan_begin(jpeg: bytearray) -> tuple[int, int]:
    """Where the picture's data begins, behind headers in which there may be another JPEG.

    Returns:
        Its place, or 0 if it is not there; and if the headers are broken, where the next picture
        may be sought: in the last of them, which has a wrong length or was cut off.
    """
    last = 0
    for marker, place in _segments(jpeg):
        if marker == SOS:
            return place, 0
        if not marker:
            return 0, last + len(EOI)
        last = place
    return 0, 0


def _segments(jpeg: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """The marker and place of each segment that is there, up to the picture's data.

    Where there must be a marker and is none, that place comes last, with 0.
    """
    place = 2
    while place + 4 <= len(jpeg):
        first, marker = jpeg[place : place + 2]
        if first == marker == SOI[0]:  # a fill byte
            place += 1
            continue
        if first != SOI[0] or marker not in SEGMENTS:
            yield 0, place
            return
        yield marker, place
        if marker == SOS:
            return
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
