"""Films of numbered pictures. The numbers can be read back from every copy."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

BITS = 12
BLOCK = 16
RATE = 15
SIZE = (BITS * BLOCK, 64)


def make_film(path: Path, codec: str, seconds: int, group: int = RATE, scale: int = 1) -> Path:
    """Number 0 first, 15 pictures a second: white blocks are ones, the highest bit on the left."""
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            codec, rate=RATE, options={} if codec == "mjpeg" else {"preset": "ultrafast", "bf": "2"}
        )
        width, height = SIZE[0] * scale, SIZE[1] * scale
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.gop_size = group
        for number in range(seconds * RATE):
            frame = _frame_of(number)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame.reformat(width, height, pix_fmt)))
        container.mux(stream.encode(None))
    return path


def _frame_of(number: int) -> av.VideoFrame:
    frame = av.VideoFrame(*SIZE, "gray")
    plane = frame.planes[0]
    row = b"".join(
        (b"\xff" if number >> bit & 1 else b"\x00") * BLOCK for bit in reversed(range(BITS))
    )
    plane.update(row.ljust(plane.line_size, b"\x00") * SIZE[1])
    return frame


def numbers_in(path: Path) -> list[int]:
    """The number of each picture, in the order in which they are shown."""
    with av.open(str(path)) as container:
        return [_number_of(frame) for frame in container.decode(video=0)]


def is_gapless(numbers: list[int]) -> bool:
    """Whether each is followed by the next."""
    return all(after == before + 1 for before, after in pairwise(numbers))


def _number_of(frame: av.VideoFrame) -> int:
    plane = frame.reformat(format="gray").planes[0]
    data, row = bytes(plane), SIZE[1] // 2 * plane.line_size
    bits = [data[row + index * BLOCK + BLOCK // 2] > 127 for index in range(BITS)]
    return sum(bit << place for place, bit in enumerate(reversed(bits)))


def picture_of(number: int) -> bytes:
    """A JPEG with this number in it."""
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuvj420p"
    encoder.time_base = Fraction(1, RATE)
    picture = _frame_of(number).reformat(format="yuvj420p")
    picture.pts = 0
    return b"".join(bytes(one) for one in (*encoder.encode(picture), *encoder.encode(None)))
