"""The camera's memory: clips and pictures show what was before they were asked for."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from devices.camera import Camera, open_camera
from devices.machine.atomic_file import part_path
from devices.video import CameraError
from tests.devices.film import RATE, is_gapless, make_film, numbers_in
from tests.house import until

PREROLL_S = 1.2
FILM_S = 120  # longer than the tests take: it begins with 0 again after its end
Opening = Callable[..., Camera]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Camera]]:
    """Cameras that see numbers: one whose packets are copied, and one that must be encoded."""
    folder = tmp_path_factory.mktemp("film")
    paths = {name: folder / f"film.{end}" for name, end in (("libx264", "mp4"), ("mjpeg", "avi"))}
    cameras = {
        name: open_camera(str(make_film(path, name, FILM_S)), preroll_s=PREROLL_S)
        for name, path in paths.items()
    }
    for camera in cameras.values():
        until(
            lambda one=camera: number_now(one, folder / "x.jpg") > 2.5 * RATE,
            "there is something to remember",
        )
    yield cameras
    for camera in cameras.values():
        camera.close()


@pytest.fixture(params=["libx264", "mjpeg"], ids=["H.264", "MJPEG"])
def film(request: pytest.FixtureRequest, films: dict[str, Camera]) -> Camera:
    """Each of them in turn."""
    return films[request.param]


@pytest.fixture
def opened() -> Iterator[Opening]:
    """Open cameras, and close them in the end."""
    with contextlib.ExitStack() as stack:

        def open_one(name: str, **settings: object) -> Camera:
            camera = open_camera(name, **settings)
            stack.callback(camera.close)
            return camera

        yield open_one


def number_now(camera: Camera, picture: Path, ago_s: float = 0.0) -> int:
    """What is to be seen at that moment."""
    camera.snapshot(picture, ago_s)
    (number,) = numbers_in(picture)
    return number


def test_a_clip_begins_before_the_press(film: Camera, tmp_path: Path):
    """It begins in the seconds before, misses no picture, and goes on after the press."""
    pressed_at = time.monotonic()
    pressed = number_now(film, tmp_path / "press.jpg")
    late_s = time.monotonic() - pressed_at  # the memory holds seconds before now, not before then
    clip, _ = film.start_clip(tmp_path / "clip.mp4", late_s)
    until(lambda: number_now(film, tmp_path / "x.jpg") > pressed + 5, "it went on")
    recorded = film.finish_clip()
    assert recorded is not None
    numbers = numbers_in(clip)
    before_s = (pressed - numbers[0]) / RATE
    assert before_s > PREROLL_S - late_s - 0.3
    assert before_s < PREROLL_S + 1.5, "no more than a group of pictures earlier"
    assert recorded.preroll_s == pytest.approx(before_s, abs=0.3)
    assert numbers[-1] > pressed + 2
    assert is_gapless(numbers[:-2]), (
        "but for the last B-frames, of which a copy may have the later one only"
    )
    with av.open(str(clip)) as movie:
        stream = movie.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert movie.duration / av.time_base == pytest.approx((len(numbers)) / RATE, abs=0.25)
        assert recorded.seconds == pytest.approx(movie.duration / av.time_base, abs=0.25)


def test_a_picture_is_of_the_moment_asked_for(film: Camera, tmp_path: Path):
    """A press that waited a second is not shown who came afterwards."""
    asked_at = time.monotonic()
    then = number_now(film, tmp_path / "then.jpg", 1.0)  # first: the memory is hardly longer
    now = number_now(film, tmp_path / "now.jpg", time.monotonic() - asked_at)
    assert now - then == pytest.approx(RATE, abs=4)


def test_a_camera_without_memory_still_gives_both(opened: Opening, tmp_path: Path):
    """`preroll_s = 0`: the clip begins with the last key frame."""
    camera = opened("test", preroll_s=0)
    until(
        lambda: abs(camera.snapshot(tmp_path / "now.jpg")) < 0.5,
        "one of now: a busy machine is late now and then",
    )
    camera.start_clip(tmp_path / "clip.mp4")
    camera.snapshot(tmp_path / "later.jpg")
    recorded = camera.finish_clip()
    assert recorded is not None
    assert recorded.preroll_s < 1.5


def test_the_memory_is_bounded(opened: Opening, tmp_path: Path):
    """If the seconds do not fit it keeps fewer; a picture of now is always there."""
    camera = opened("test", preroll_s=60, ring_mb=0.15)
    until(
        lambda: camera.snapshot(tmp_path / "x.jpg") and camera._ring.newest() is not None, "it sees"
    )
    first = camera._ring.newest()
    until(lambda: camera._ring.since(0)[0].at > first.at, "the oldest went")
    assert camera._ring.bytes <= 150_000
    camera.snapshot(tmp_path / "now.jpg")


def test_privacy_empties_the_memory_and_releases_the_camera(opened: Opening, tmp_path: Path):
    """From then on there is neither picture nor clip; what was begun before ends, complete."""
    reason: list[str] = []
    words: list[str] = []
    camera = opened("test", preroll_s=PREROLL_S, private=lambda: reason[0] if reason else None)
    camera.on_trouble(words.append)
    camera.snapshot(tmp_path / "before.jpg")
    camera.start_clip(tmp_path / "clip.mp4")
    camera.snapshot(tmp_path / "before.jpg")
    reason.append("private until 07:00")
    until(lambda: words[-1] == "private until 07:00: nothing is seen", "it says so")
    assert camera._ring.newest() is None
    with pytest.raises(CameraError, match="private until 07:00: nothing is seen"):
        camera.snapshot(tmp_path / "never.jpg", 0.5)
    assert not (tmp_path / "never.jpg").exists()
    recorded = camera.finish_clip()
    assert recorded is not None
    assert recorded.path.exists()
    reason.clear()
    until(lambda: words[-1] == "", "it sees again")
    camera.snapshot(tmp_path / "after.jpg")


def test_a_clip_that_cannot_be_written_is_an_error_and_leaves_nothing(
    opened: Opening, tmp_path: Path
):
    """The disk is full or gone: the words say so, and the next press begins another one."""
    camera = opened("test")
    camera.snapshot(tmp_path / "x.jpg")
    clip = tmp_path / "clip.mp4"
    part_path(clip).symlink_to("/dev/full")
    camera.start_clip(clip)
    until(lambda: not camera._clip.is_running, "it failed")
    with pytest.raises(CameraError, match=r"clip\.mp4 could not be written"):
        camera.finish_clip()
    assert not part_path(clip).is_symlink()
    assert camera.start_clip(tmp_path / "next.mp4")[0] == tmp_path / "next.mp4"
    assert camera.finish_clip().path.exists()
