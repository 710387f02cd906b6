"""An encoded picture, and all that is needed to decode it or to put it into an MP4."""

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import av

CLOCK = Fraction(1, 90_000)  # seconds a tick, as usual in MP4
BROWSERS_SHOW = ("yuv420p", "yuvj420p")  # of H.264; other samplings are for studios


class Packet(NamedTuple):
    """One encoded picture.

    Attributes:
        at: When it was seen, in seconds of `time.monotonic()`.
        sent: The same for the order of decoding; it differs where a source has B-frames.
        data: As the codec has it.
        is_key: Whether decoding can begin here.
    """

    at: float
    sent: float
    data: bytes
    is_key: bool

    def in_ticks(self, zero: float = 0.0) -> av.Packet:
        """As PyAV wants it, with its times counted from `zero`."""
        packet = av.Packet(self.data)
        packet.pts, packet.dts = round((self.at - zero) / CLOCK), round((self.sent - zero) / CLOCK)
        packet.time_base, packet.is_keyframe = CLOCK, self.is_key
        return packet


@dataclass(frozen=True)
class Shape:
    """What the packets of one connection have in common.

    Attributes:
        codec: FFmpeg's name of it.
        extradata: What a decoder must know before the first packet; empty when the packets say it themselves.
        width: In pixels.
        height: In pixels.
        pattern: A stream of PyAV to make an MP4's stream after; None when browsers could not show a copy.
    """

    codec: str
    extradata: bytes
    width: int
    height: int
    pattern: Any = None

    def fits(self, other: "Shape | None") -> bool:
        """Whether packets of both can stand in one clip."""
        return other is not None and (self.codec, self.extradata, self.width, self.height) == (
            other.codec,
            other.extradata,
            other.width,
            other.height,
        )

    def decoder(self) -> Any:
        """A decoder for these packets."""
        decoder: Any = av.CodecContext.create(self.codec, "r")
        decoder.extradata = self.extradata or None
        decoder.thread_type = "AUTO"
        return decoder


def shape_of(stream: Any) -> Shape:
    """The shape of what comes in such a stream. It outlives the stream."""
    context = stream.codec_context
    copies = context.codec.name == "h264" and context.pix_fmt in BROWSERS_SHOW
    pattern = _drawer().add_stream_from_template(stream) if copies else None
    return Shape(
        context.codec.name, bytes(context.extradata or b""), context.width, context.height, pattern
    )


def shape_of_h264(first: bytes) -> Shape:
    """The same for a bare H.264 stream (Annex B) that begins with this key frame."""
    with av.open(io.BytesIO(first), format="h264") as container:
        return shape_of(container.streams.video[0])


def encoder(width: int, height: int, *, keep: bool, options: dict[str, str]) -> tuple[Any, Any]:
    """An H.264 encoder for MP4 that browsers play, and the container that it stands in.

    Args:
        width: Of the pictures, in pixels; odd ones lose a column, which 4:2:0 cannot have.
        height: Likewise.
        keep: Ready it now, for packets that are kept and put into a clip later.
        options: For x264.
    """
    container = _drawer()
    stream = container.add_stream("libx264", options={"preset": "ultrafast", **options})
    stream.width, stream.height, stream.pix_fmt = width // 2 * 2, height // 2 * 2, "yuv420p"
    stream.codec_context.time_base = CLOCK
    if keep:
        container.start_encoding()
    return container, stream


def _drawer() -> Any:
    """An MP4 that is never written: patterns and encoders lie in it."""
    return av.open(io.BytesIO(), "w", format="mp4")
