"""Pictures as they are to be seen: with square pixels, and upright."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from devices.video.scaler import JPEG_FORMAT, Scaler

FILTERS: dict[int, list[tuple[str, str | None]]] = {
    90: [("transpose", "clock")],
    180: [("hflip", None), ("vflip", None)],
    270: [("transpose", "cclock")],
}
MOST_SHAPE = 4  # a pixel of another shape is a fault of the camera, and counts as square
UNIT = 0x10000  # 1 as a fixed-point number
TKHD = b"tkhd"
INDEX_BYTES = 65_536  # in a film with its index in front the track's head is at the beginning
MATRIX_AT = (44, 56)  # from the box's type on, by its version (ISO 14496-12, 8.3.2)


def upright(frame: Any, shape: Fraction, turn: int) -> Any:
    """Make a frame of PyAV's as it is to be seen.

    Args:
        frame: The frame.
        shape: The width of its pixels by their height. The picture is made wider or higher, so
            that nothing is lost.
        turn: By how many degrees it is turned to the right: 0, 90, 180 or 270.
    """
    width, height = frame.width, frame.height
    if 1 < shape <= MOST_SHAPE:
        width = round(width * shape)
    elif 1 > shape >= Fraction(1, MOST_SHAPE):
        height = round(height / shape)
    picture = Scaler().scale(frame, width, height, JPEG_FORMAT)
    return _turned(picture, turn) if turn in FILTERS else picture


def turn_of(frame: Any) -> int:
    """By how many degrees a frame has to be turned to the right, as its camera says."""
    degrees = int(frame.rotation)  # to the left
    return round(-degrees / 90) * 90 % 360


def turn_film(path: Path, turn: int, width: int, height: int) -> None:
    """Have players turn an MP4 with one track, of which nothing is encoded again.

    Args:
        path: The file. Its index is changed in place.
        turn: By how many degrees to the right: 90, 180 or 270.
        width: Of its pictures, in pixels.
        height: Of its pictures, in pixels.
    """
    with path.open("r+b") as film:
        index = film.read(INDEX_BYTES)
        place = index.find(TKHD)
        if place < 0:
            raise ValueError("the clip has no track")
        film.seek(place + MATRIX_AT[index[place + len(TKHD)]])
        film.write(matrix_of(turn, width, height))


def matrix_of(turn: int, width: int, height: int) -> bytes:
    """The matrix of a track's head (ISO 14496-12, 8.3.2), by which players turn its pictures.

    Args:
        turn: By how many degrees to the right: 0, 90, 180 or 270.
        width: Of its pictures, in pixels.
        height: Of its pictures, in pixels.
    """
    one, minus = UNIT, 2**32 - UNIT
    matrix = {
        0: (one, 0, 0, 0, one, 0, 0, 0, 0x40000000),
        90: (0, one, 0, minus, 0, 0, height * UNIT, 0, 0x40000000),
        180: (minus, 0, 0, 0, minus, 0, width * UNIT, height * UNIT, 0x40000000),
        270: (0, minus, 0, one, 0, 0, 0, width * UNIT, 0x40000000),
    }[turn]
    return b"".join(number.to_bytes(4, "big") for number in matrix)


def _turned(picture: Any, turn: int) -> Any:
    graph: Any = av.filter.Graph()
    nodes = [
        graph.add_buffer(**_shape_of(picture)),
        *(graph.add(name, options) for name, options in FILTERS[turn]),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    graph.push(picture)
    return graph.pull()


def _shape_of(picture: Any) -> dict[str, Any]:
    return {
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "time_base": Fraction(1, 90_000),
    }
