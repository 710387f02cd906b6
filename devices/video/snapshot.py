"""A picture of one moment, from what is kept of it."""

from collections.abc import Sequence
from typing import Any

import av

from devices.video.files import CameraError
from devices.video.packet import CLOCK, Packet, Shape

QUALITY = "4"  # of JPEG, from 2 (best) to 31


def picture_of(shape: Shape, packets: Sequence[Packet]) -> bytes:
    """Decode from a key frame on, as far as needed, and give the last packet's picture as JPEG.

    Raises:
        CameraError: it cannot be decoded.
    """
    decoder, wanted, seen = shape.decoder(), packets[-1].in_ticks().pts, None
    try:
        for packet in (*packets, None):
            for frame in decoder.decode(packet and packet.in_ticks()):
                seen = frame
                if frame.pts == wanted:
                    return jpeg(frame)
    except av.FFmpegError as error:
        raise CameraError(f"the picture cannot be decoded: {error}") from error
    if seen is None:
        raise CameraError("the picture cannot be decoded: nothing came out")
    return jpeg(seen)


def jpeg(frame: Any) -> bytes:
    """A frame of PyAV's as JPEG."""
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = CLOCK
    encoder.options = {"q": QUALITY}
    picture = frame.reformat(format="yuvj420p")
    picture.pts, picture.pict_type = 0, 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(picture), *encoder.encode(None)))
