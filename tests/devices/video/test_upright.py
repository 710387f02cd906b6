"""Pictures as they are to be seen, whatever the shape of the pixels and the camera's position."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from devices.camera import open_camera
from devices.video.upright import turn_film, turn_of, upright
from tests.devices.film import SIZE, make_film

WIDTH, HEIGHT = SIZE


def _frame() -> av.VideoFrame:
    """Black, with the upper left quarter white."""
    frame = av.VideoFrame(*SIZE, "gray")
    plane = frame.planes[0]
    white, black = b"\xff" * (WIDTH // 2), bytes(WIDTH // 2)
    rows = [white + black] * (HEIGHT // 2) + [black + black] * (HEIGHT // 2)
    plane.update(b"".join(row.ljust(plane.line_size, b"\x00") for row in rows))
    return frame


def _white_corner(frame: av.VideoFrame) -> str:
    plane = frame.reformat(format="gray").planes[0]
    data = bytes(plane)

    def is_white(x: int, y: int) -> bool:
        return data[y * plane.line_size + x] > 127

    right, bottom = frame.width - 3, frame.height - 3
    corners = {"upper left": (2, 2), "upper right": (right, 2), "lower left": (2, bottom)}
    corners["lower right"] = (right, bottom)
    return " and ".join(name for name, place in corners.items() if is_white(*place))


@pytest.mark.parametrize(
    ("turn", "size", "corner"),
    [
        (0, (WIDTH, HEIGHT), "upper left"),
        (90, (HEIGHT, WIDTH), "upper right"),
        (180, (WIDTH, HEIGHT), "lower right"),
        (270, (HEIGHT, WIDTH), "lower left"),
    ],
)
def test_a_picture_is_turned_to_the_right(turn: int, size: tuple[int, int], corner: str):
    """By as many degrees as it says."""
    picture = upright(_frame(), Fraction(1), turn)
    assert (picture.width, picture.height) == size
    assert _white_corner(picture) == corner


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        (Fraction(16, 11), (round(WIDTH * 16 / 11), HEIGHT)),
        (Fraction(1, 2), (WIDTH, 2 * HEIGHT)),
        (Fraction(1, 1000), (WIDTH, HEIGHT)),
    ],
)
def test_pixels_become_square(shape: Fraction, size: tuple[int, int]):
    """The picture gets larger, so that nothing is lost; a shape that cannot be is ignored."""
    picture = upright(_frame(), shape, 0)
    assert (picture.width, picture.height) == size


def test_picture_and_clip_of_a_turned_film_are_turned(tmp_path: Path):
    """A film from a phone says that it lies on its side; `rotate` comes on top of that."""
    film = make_film(tmp_path / "film.mp4", "libx264", 2)
    turn_film(film, 90, *SIZE)
    camera = open_camera(str(film), preroll_s=0, turn=90)
    try:
        camera.start_clip(tmp_path / "clip.mp4")
        camera.snapshot(tmp_path / "x.jpg")
        recorded = camera.finish_clip()
    finally:
        camera.close()
    assert recorded is not None
    with av.open(str(recorded.path)) as clip:
        assert turn_of(next(clip.decode(video=0))) == 180
    with av.open(str(tmp_path / "x.jpg")) as picture:
        assert picture.streams.video[0].width == WIDTH
