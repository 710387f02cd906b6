"""A picture of one moment, decoded from the packets that are kept of it."""

import io
from collections.abc import Sequence
from math import inf
from typing import Any

import av

from devices.video.packets.decoder import Decoder
from devices.video.packets.packet import CLOCK, Packet, StreamFormat
from devices.video.recorded import CameraError
from devices.video.scaler import JPEG_FORMAT, Scaler
from devices.video.upright import turn_of, upright

JPEG_QUALITY = 4  # from 2 (best) to 31
# Widths in pixels and qualities, from what a phone's screen shows to what is just a picture.
SMALLER = ((1280, 5), (960, 6), (800, 8), (640, 10), (480, 12), (320, 16), (160, 24), (96, 31))


def jpeg_of(
    stream_format: StreamFormat,
    packets: Sequence[Packet],
    at: float,
    not_before: float = -inf,
    turn: int = 0,
) -> tuple[bytes, float]:
    """Encode the picture of a moment as JPEG: the nearest one that can be decoded.

    Args:
        stream_format: The format of the packets.
        packets: A key frame, and what follows it.
        at: The moment, in seconds of `time.monotonic()`.
        not_before: A packet of this time or an earlier one does not show it. One must be later.
        turn: By how many degrees the camera has to be turned to the right, beside what it says.

    Returns:
        The JPEG, and when the picture was seen, in seconds of `time.monotonic()`.

    Raises:
        CameraError: No such picture can be decoded.
    """
    decoder = Decoder(stream_format)
    frame = _nearest(decoder, packets, at, not_before)
    if frame is None:
        why = decoder.fault or "the decoder gave nothing"
        raise CameraError(f"the picture cannot be decoded: {why}")
    seen_at = _seen_at(frame)
    turn += stream_format.turn + turn_of(frame)
    return encode_jpeg(upright(frame, decoder.shape, turn % 360)), seen_at


def _nearest(decoder: Decoder, packets: Sequence[Packet], at: float, not_before: float) -> Any:
    """The frame of the nearest packet; if that is damaged, the nearest one around; None if none."""
    later = [packet for packet in packets if packet.at > not_before]
    wanted = min(later, key=lambda packet: abs(packet.at - at)).to_av().pts
    before = None
    for frame in decoder.decode_all(packets):
        if frame.pts >= wanted:
            is_nearer = before and abs(_seen_at(before) - at) < abs(_seen_at(frame) - at)
            return before if is_nearer else frame
        if _seen_at(frame) > not_before:
            before = frame
    return before


def _seen_at(frame: Any) -> float:
    return float(frame.pts * CLOCK)


def jpeg_within(jpeg: bytes, most_bytes: int) -> bytes:
    """Make a JPEG smaller until it fits, first by its quality, then by its size.

    Args:
        jpeg: The picture. If it fits it is returned as it is.
        most_bytes: How many bytes the result may have.

    Raises:
        CameraError: It is no picture, or it cannot be made so small.
    """
    if len(jpeg) <= most_bytes:
        return jpeg
    try:
        with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as container:
            frame = next(container.decode(video=0))
    except (av.FFmpegError, StopIteration) as error:
        raise CameraError(f"the picture cannot be decoded: {error}") from error
    scaler = Scaler()
    for most_width, quality in SMALLER:
        width = min(frame.width, most_width)
        height = max(1, round(frame.height * width / frame.width))
        smaller = encode_jpeg(scaler.scale(frame, width, height, JPEG_FORMAT), quality)
        if len(smaller) <= most_bytes:
            return smaller
    raise CameraError(f"no picture has as little as {most_bytes} bytes")


def encode_jpeg(frame: Any, quality: int = JPEG_QUALITY) -> bytes:
    """Encode a frame of PyAV's as JPEG.

    Args:
        frame: The frame.
        quality: From 2 (best) to 31.
    """
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width = frame.width
    encoder.height = frame.height
    encoder.pix_fmt = JPEG_FORMAT
    encoder.time_base = CLOCK
    encoder.options = {"qmin": str(quality), "qmax": str(quality), "threads": "1"}
    picture = Scaler().scale(frame, frame.width, frame.height, JPEG_FORMAT)
    picture.pts = 0
    picture.pict_type = 0
    packets = (*encoder.encode(picture), *encoder.encode(None))
    return b"".join(bytes(packet) for packet in packets)
