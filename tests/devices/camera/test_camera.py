"""The camera. The test pattern is a camera like any other, so it stands for all of them."""

import importlib.util
import os
import tempfile
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import av
import pytest

from devices.camera import open_camera
from devices.machine.atomic_file import part_path
from devices.video import CameraError, MediaFolder
from tests.devices.film import make_film
from tests.house import until

CLIP_S = 1.2


@pytest.fixture(scope="module")
def camera():
    """The test pattern, open for all tests."""
    opened = open_camera("test")
    until(opened._ring.newest, "it gives pictures")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def clip(camera, tmp_path_factory):
    """A clip of about a second, and what its folder contained while it was recorded."""
    folder = tmp_path_factory.mktemp("clip")
    path, _ = camera.start_clip(folder / "new" / "visit.mp4")
    began = time.monotonic()
    second, _ = camera.start_clip(folder / "another.mp4")
    _watch(camera, folder / "now.jpg", CLIP_S)
    until(part_path(path).exists, "it is being written")
    half_written = (path.exists(), part_path(path).exists())
    elapsed_s = time.monotonic() - began
    finished = camera.finish_clip()
    return SimpleNamespace(
        path=path, second=second, half_written=half_written, finished=finished, elapsed_s=elapsed_s
    )


def _watch(camera, path, seconds):
    """Take pictures for some time: each waits for the camera."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        camera.snapshot(path)


def _boxes(path):
    """The names of an MP4's outermost boxes (ISO 14496-12, 4.2), in order."""
    data, names, at = path.read_bytes(), [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8].decode())
        at += size if size > 1 else int.from_bytes(data[at + 8 : at + 16], "big")
    return names


def test_a_film_in_shared_memory_is_no_device(tmp_path):
    """`/dev/shm` holds files like any other folder."""
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("this system has no /dev/shm that we may write to")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        film = make_film(Path(folder) / "film.mp4", "libx264", 1)
        with closing(open_camera(str(film))) as opened:
            until(opened._ring.newest, "it gives pictures")


def test_a_picture_is_a_jpeg_of_the_cameras_size(camera, tmp_path):
    """It decodes, stands under its name, and nothing half written is beside it."""
    picture = tmp_path / "new" / "door.jpg"
    camera.snapshot(picture)
    assert picture.read_bytes()[:3] == b"\xff\xd8\xff"
    assert picture.read_bytes()[-2:] == b"\xff\xd9"
    with av.open(str(picture)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, container.streams.video[0].codec.name) == (
            640,
            360,
            "mjpeg",
        )
    assert list(picture.parent.iterdir()) == [picture]


def test_a_picture_shows_what_is_seen_now(camera, tmp_path):
    """The pattern has a running clock: pictures change with it, and are never much older."""
    after_s = [camera.snapshot(tmp_path / name) for name in ("one", "two")]
    first = (tmp_path / "one").read_bytes()
    until(
        lambda: camera.snapshot(tmp_path / "two") and (tmp_path / "two").read_bytes() != first,
        "it changes",
    )
    assert all(seconds > -0.26 for seconds in after_s)
    assert min(after_s) < 1, "a busy machine is late now and then"


def test_a_clip_is_h264_with_its_index_in_front(clip):
    """A phone can begin to show it before all of it is there."""
    with av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        frames = [(frame.width, frame.height) for frame in container.decode(stream)]
        assert (stream.codec.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert set(frames) == {(640, 360)}
    assert len(frames) > 5
    boxes = _boxes(clip.path)
    assert boxes[0] == "ftyp"
    assert boxes.index("moov") < boxes.index("mdat")


def test_a_clip_is_as_long_as_it_was_recorded(clip):
    """Its length is the time that passed at the door, and the reported length is right."""
    path, length_s, before_s = clip.finished
    assert path == clip.path
    with av.open(str(path)) as container:
        duration_s = container.duration / av.time_base
    assert length_s - before_s == pytest.approx(clip.elapsed_s, abs=0.4)
    assert duration_s == pytest.approx(length_s, abs=0.2)


def test_a_clip_has_its_name_only_when_it_is_complete(clip):
    """Until then it is written aside; afterwards nothing is left there."""
    assert clip.half_written == (False, True)
    assert list(clip.path.parent.iterdir()) == [clip.path]


def test_a_second_start_lengthens_the_clip_that_runs(clip):
    """Two presses in a row are one clip, and the second one gets its name."""
    assert clip.second == clip.path
    assert not clip.path.parent.parent.joinpath("another.mp4").exists()


def test_no_clip_was_begun_so_none_is_finished(camera, clip):
    """A clip is finished once; without a clip there is nothing to finish."""
    assert clip.finished is not None
    assert camera.finish_clip() is None


def test_a_video_file_is_a_camera_too(clip, tmp_path):
    """It is shown again and again: there is a picture after its end."""
    film = open_camera(str(clip.path))
    _watch(film, tmp_path / "film.jpg", CLIP_S + 0.6)
    film.close()
    with av.open(str(tmp_path / "film.jpg")) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == (640, 360)


def test_the_error_names_the_camera_that_gives_no_picture(tmp_path, monkeypatch):
    """The handler tries again, and the person reads which camera to check."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", 0.5)
    absent = open_camera(str(tmp_path / "absent.mp4"))
    with pytest.raises(CameraError, match=r"absent\.mp4 gives no picture.* Is it plugged in"):
        absent.snapshot(tmp_path / "never.jpg")
    absent.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    importlib.util.find_spec("picamera2") is not None, reason="picamera2 is installed here"
)
def test_a_pi_camera_without_its_library_says_what_to_install():
    """picamera2 is an apt package and not from pip, and the error says so."""
    with pytest.raises(CameraError, match=r"apt \(python3-picamera2\).*--system-site-packages"):
        open_camera("picamera")


def test_a_camera_closed_during_a_clip_finishes_it(tmp_path):
    """A polite stop loses nothing that was recorded, and leaves no part behind."""
    camera = open_camera("test")
    part = part_path(camera.start_clip(tmp_path / "cut.mp4")[0])
    until(part.exists, "the clip has begun")
    camera.close()
    assert [path.name for path in tmp_path.iterdir()] == ["cut.mp4"]
    with av.open(str(tmp_path / "cut.mp4")) as movie:
        assert any(movie.decode(video=0))


def test_what_a_crash_left_half_written_is_swept_away(tmp_path):
    """Only that: pictures and clips stay, and a folder that is not there yet is no fault."""
    part_path(tmp_path / "20261123-201500-front-a1b2c3.mp4").touch()
    (tmp_path / "kept.mp4").touch()
    for folder in (tmp_path, tmp_path / "absent"):
        MediaFolder(folder, keep_days=1, keep_free_mb=0).remove_parts()
    assert [path.name for path in tmp_path.iterdir()] == ["kept.mp4"]
