"""An encoded picture, and what is needed to decode it or to put it into an MP4."""

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import av

from devices.video.scaler import FILM_FORMAT, JPEG_FORMAT

CLOCK = Fraction(1, 90_000)  # seconds a tick, as usual in MP4
SQUARE = Fraction(1)
BROWSER_FORMATS = (FILM_FORMAT, JPEG_FORMAT)  # samplings of H.264 that browsers can show


class Packet(NamedTuple):
    """One encoded picture.

    Attributes:
        at: When it was seen, in seconds of `time.monotonic()`.
        decode_at: Its place in the order of decoding, by the same clock. It differs from `at`
            where a source has B-frames.
        data: The encoded bytes.
        is_key: Whether decoding can begin here.
    """

    at: float
    decode_at: float
    data: bytes
    is_key: bool

    def to_av(self, zero: float = 0.0) -> av.Packet:
        """Make PyAV's packet of it.

        Args:
            zero: The moment from which its times are counted, in seconds of `time.monotonic()`.
        """
        packet = av.Packet(self.data)
        packet.pts = round((self.at - zero) / CLOCK)
        packet.dts = round((self.decode_at - zero) / CLOCK)
        packet.time_base = CLOCK
        packet.is_keyframe = self.is_key
        return packet


@dataclass(frozen=True)
class StreamFormat:
    """What the packets of one connection have in common.

    Attributes:
        codec: FFmpeg's name of the codec.
        extradata: What a decoder must know before the first packet; empty if the packets say it.
        width: The width of the pictures, in pixels.
        height: The height of the pictures, in pixels.
        shape: The width of a pixel by its height; 1 for a square one.
        turn: By how many degrees a picture has to be turned to the right to be upright.
        template: A stream of PyAV, from which an MP4's stream is made; None if browsers could not
            show a copy of the packets.
    """

    codec: str
    extradata: bytes
    width: int
    height: int
    shape: Fraction = SQUARE
    turn: int = 0
    template: Any = None

    def fits(self, other: "StreamFormat | None") -> bool:
        """Whether packets of both formats can be in one clip."""
        if other is None:
            return False
        ours = (self.codec, self.extradata, self.width, self.height)
        return ours == (other.codec, other.extradata, other.width, other.height)


def format_of_stream(stream: Any) -> StreamFormat:
    """The format of a stream of PyAV's. It can be used after the stream is closed."""
    context = stream.codec_context
    template = None
    if context.codec.name == "h264" and context.pix_fmt in BROWSER_FORMATS:
        template = _memory_container().add_stream_from_template(stream)
    extradata = bytes(context.extradata or b"")
    return StreamFormat(
        context.codec.name,
        extradata,
        context.width,
        context.height,
        stream.sample_aspect_ratio or SQUARE,
        template=template,
    )


def format_of_annex_b(codec: str, key_frame: bytes) -> StreamFormat:
    """The format of a bare stream (annex B of H.264 and H.265) that begins with this key frame.

    Args:
        codec: `h264` or `hevc`.
        key_frame: Its first packet, with the parameter sets.

    Raises:
        av.FFmpegError: It is damaged.
    """
    with av.open(io.BytesIO(key_frame), format=codec) as container:
        return format_of_stream(container.streams.video[0])


def open_encoder(
    width: int, height: int, shape: Fraction, *, start: bool, options: dict[str, str]
) -> tuple[Any, Any]:
    """Open an H.264 encoder for MP4 that browsers can play.

    Args:
        width: The width of the pictures, in pixels. An odd one loses a column (4:2:0).
        height: The height of the pictures, in pixels. An odd one loses a row.
        shape: The width of a pixel by its height.
        start: Start it now, for packets that are kept and put into a clip later.
        options: Options of x264.

    Returns:
        PyAV's container, and the encoder's stream in it.
    """
    container = _memory_container()
    stream = container.add_stream("libx264", options={"preset": "ultrafast", **options})
    stream.width = width // 2 * 2
    stream.height = height // 2 * 2
    stream.pix_fmt = FILM_FORMAT
    stream.codec_context.time_base = CLOCK
    stream.codec_context.sample_aspect_ratio = shape
    if start:
        container.start_encoding()
    return container, stream


def _memory_container() -> Any:
    """An MP4 that is never written: it holds templates and encoders."""
    return av.open(io.BytesIO(), "w", format="mp4")
