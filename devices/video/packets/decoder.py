"""The one decoder of packets that are kept. A damaged packet costs one picture, and no more."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av

from devices.video.packets.packet import Packet, StreamFormat


class Decoder:
    """Decodes packets of one format, and goes on after one that is damaged.

    Its threads work on slices of one picture. Those that work on a picture each (FFmpeg's thread
    types FRAME and AUTO) go on after an error, and need Python's lock to free their packets. The
    thread that frees the decoder holds that lock while it waits for them, for ever.

    After a loss FFmpeg's decoder for H.265 gives nothing up to the next key frame unless it is
    asked for pictures with faults. The one for H.264 gives what it can in any case.

    Args:
        stream_format: The format of the packets.

    Attributes:
        fault: Why the last damaged packet could not be decoded; None if none was damaged.
    """

    def __init__(self, stream_format: StreamFormat) -> None:
        self._context: Any = av.CodecContext.create(stream_format.codec, "r")
        self._context.extradata = stream_format.extradata or None
        self._context.thread_type = "SLICE"
        if stream_format.codec == "hevc":
            self._context.flags |= av.codec.context.Flags.output_corrupt
        self._shape = stream_format.shape
        self.fault: Exception | None = None

    @property
    def shape(self) -> Fraction:
        """The width of a pixel by its height."""
        return self._context.sample_aspect_ratio or self._shape

    def decode(self, packet: Packet | None, zero: float = 0.0) -> list[Any]:
        """Decode a packet.

        Args:
            packet: The packet; None after the last one.
            zero: The moment from which times are counted, in seconds of `time.monotonic()`.

        Returns:
            The frames of PyAV that are ready, in the order in which they are shown.
        """
        try:
            return list(self._context.decode(packet and packet.to_av(zero)))
        except av.FFmpegError as error:
            self.fault = error
            return []

    def decode_all(self, packets: Iterable[Packet]) -> Iterator[Any]:
        """Decode packets up to the last one, as far as frames are taken."""
        for packet in packets:
            yield from self.decode(packet)
        yield from self.decode(None)
