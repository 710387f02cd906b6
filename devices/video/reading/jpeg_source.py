"""A network camera that sends JPEGs over HTTP: a stream of them, or one an address."""

import threading
import time
from collections.abc import Iterator

from devices.video.packets.packet import Packet, StreamFormat
from devices.video.reading.byte_stream import ByteStream
from devices.video.reading.jpeg_scanner import JpegScanner, size_of_jpeg
from devices.video.reading.rate_limit import RateLimit
from devices.video.reading.timestamps import TimestampMapper


class JpegSource:
    """Reads pictures itself. FFmpeg stamps them at 25 a second, whatever comes, and late.

    Args:
        stream: An open connection.
        max_rate: How many pictures a second are kept.

    Attributes:
        stream_format: The format of the last packet.
        is_file: See Source.
        is_still: Whether the address gives one picture and no stream.
        keyless_at: See Source.
    """

    is_file = False
    keyless_at = 0.0

    def __init__(self, stream: ByteStream, *, max_rate: float) -> None:
        self._stream = stream
        self._rate = RateLimit(max_rate)
        self.stream_format = StreamFormat("mjpeg", b"", 0, 0)
        self.is_still = False

    def packets(self, stopped: threading.Event) -> Iterator[Packet]:
        """See Source. A picture is seen when it arrives."""
        timestamps = TimestampMapper(is_believed=False)
        count = 0
        for jpeg in self._pictures(stopped):
            at, decode_at = timestamps.map(None, None, time.monotonic())
            count += 1
            if self._rate.lets_pass(at):
                self._note_size(jpeg)
                yield Packet(at, decode_at, jpeg, is_key=True)
        self.is_still = count == 1

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def _pictures(self, stopped: threading.Event) -> Iterator[bytes]:
        scanner = JpegScanner()
        for data in self._stream:
            if stopped.is_set():
                return
            yield from scanner.feed(data)
        yield from scanner.finish()

    def _note_size(self, jpeg: bytes) -> None:
        width, height = size_of_jpeg(jpeg)
        if (width, height) != (self.stream_format.width, self.stream_format.height):
            self.stream_format = StreamFormat("mjpeg", b"", width, height)
