"""A picture of one moment, decoded from the packets that are kept of it."""

from collections.abc import Sequence
from typing import Any

import av

from devices.video.packet import CLOCK, Packet, StreamFormat
from devices.video.recorded import CameraError

JPEG_QUALITY = "4"  # from 2 (best) to 31


def jpeg_of(stream_format: StreamFormat, packets: Sequence[Packet]) -> bytes:
    """Decode packets, and encode the picture of the last one as JPEG.

    Args:
        stream_format: The format of the packets.
        packets: A key frame, and what follows it.

    Raises:
        CameraError: The picture cannot be decoded.
    """
    decoder = stream_format.decoder()
    wanted = packets[-1].to_av().pts
    latest = None
    try:
        for packet in (*packets, None):
            for frame in decoder.decode(packet and packet.to_av()):
                latest = frame
                if frame.pts == wanted:
                    return encode_jpeg(frame)
    except av.FFmpegError as error:
        raise CameraError(f"the picture cannot be decoded: {error}") from error
    if latest is None:
        raise CameraError("the picture cannot be decoded: the decoder gave nothing")
    return encode_jpeg(latest)


def encode_jpeg(frame: Any) -> bytes:
    """Encode a frame of PyAV's as JPEG."""
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width = frame.width
    encoder.height = frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = CLOCK
    encoder.options = {"q": JPEG_QUALITY}
    picture = frame.reformat(format="yuvj420p")
    picture.pts = 0
    picture.pict_type = 0
    packets = (*encoder.encode(picture), *encoder.encode(None))
    return b"".join(bytes(packet) for packet in packets)
