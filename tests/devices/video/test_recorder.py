"""Pictures and clips from whatever packets a camera gives, and whenever it gives them."""

import threading
import time
from collections.abc import Iterator

import pytest

from devices.video import CameraError, Packet, Recorder, StreamFormat, jpeg_within
from tests.devices.film import SIZE, numbers_in, picture_of

FORMAT = StreamFormat("mjpeg", b"", *SIZE)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A recorder that has seen nothing, and soon loses patience."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", 0.5)
    recorder = Recorder("front", preroll_s=5)
    yield recorder
    recorder.end_clip()


def _see(recorder: Recorder, number: int, ago_s: float) -> None:
    at = time.monotonic() - ago_s
    recorder.add(FORMAT, Packet(at, at, picture_of(number), is_key=True))


def _later(recorder: Recorder, number: int) -> threading.Timer:
    timer = threading.Timer(0.2, _see, (recorder, number, 0.0))
    timer.start()
    return timer


@pytest.mark.parametrize("before_s", [0.3, 0.5, 0.9, 4.0])
def test_after_a_gap_the_next_picture_is_taken(recorder, tmp_path, before_s, monkeypatch):
    """Even where the one from before the press is nearer: that one does not show the visitor."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", 60.0)  # a busy machine is slow
    _see(recorder, 1, 5.0)
    _see(recorder, 2, before_s)
    timer = _later(recorder, 3)
    after_s = recorder.snapshot(tmp_path / "x.jpg")
    timer.join()
    assert numbers_in(tmp_path / "x.jpg") == [3]
    assert after_s > 0


def test_a_later_attempt_takes_a_later_picture(recorder, tmp_path):
    """The camera was away for two seconds after the press: the retry has what came then."""
    _see(recorder, 1, 3.5)
    with pytest.raises(CameraError, match="gives no picture"):
        recorder.snapshot(tmp_path / "x.jpg", 3.0)
    began = time.monotonic()
    _see(recorder, 2, 1.0)
    after_s = recorder.snapshot(tmp_path / "x.jpg", 3.0)
    assert 2.0 - (time.monotonic() - began) <= after_s <= 2.0
    assert numbers_in(tmp_path / "x.jpg") == [2]


def test_a_picture_just_before_the_press_is_taken_at_once(recorder, tmp_path, monkeypatch):
    """A quarter of a second is nothing, and the phone waits for the picture."""
    monkeypatch.setattr("devices.video.recorder.NEAR_S", 60.0)  # a busy machine is slow
    _see(recorder, 1, 0.2)
    assert -60 < recorder.snapshot(tmp_path / "x.jpg") < -0.15


def test_a_camera_that_is_known_to_be_away_is_not_waited_for(recorder, tmp_path, monkeypatch):
    """Another door may have rung meanwhile. What came before it went away is still there."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", 3600.0)
    _see(recorder, 1, 2.0)
    recorder.set_trouble("the camera front gives no picture")
    with pytest.raises(CameraError, match="the camera front gives no picture"):
        recorder.snapshot(tmp_path / "x.jpg")
    assert recorder.snapshot(tmp_path / "x.jpg", 3.0) > 0
    assert numbers_in(tmp_path / "x.jpg") == [1]


def test_a_clip_begins_when_the_camera_is_back(recorder, tmp_path):
    """There is always a clip: from its first picture on, without those of an hour ago."""
    _see(recorder, 1, 3600.0)
    path, length_s = recorder.start_clip(tmp_path / "new" / "clip.mp4")
    assert length_s == 0
    assert recorder.start_clip(tmp_path / "other.mp4") == (path, 0)
    for number, ago_s in ((2, 0.2), (3, 0.1), (4, 0.0)):
        _see(recorder, number, ago_s)
    recorded = recorder.finish_clip()
    assert recorded is not None
    assert recorded.path == path
    assert numbers_in(path) == [2, 3, 4]


@pytest.mark.parametrize("has_preroll", [True, False])
def test_a_clip_awaits_the_visitor(recorder, tmp_path, has_preroll, monkeypatch):
    """Of a camera that was away at the press, until the first picture from after the latest one."""
    monkeypatch.setattr("devices.video.recorder.LATEST_S", 3600.0)  # a busy machine is slow
    assert not recorder.awaits_visitor(120)
    if has_preroll:
        _see(recorder, 1, 4.0)
    recorder.start_clip(tmp_path / "clip.mp4", 3.0)
    assert recorder.awaits_visitor(120)
    _see(recorder, 2, 2.0)
    assert not recorder.awaits_visitor(120)
    recorder.start_clip(tmp_path / "other.mp4", 1.0)
    recorder.start_clip(tmp_path / "clip.mp4", 3.0)  # another attempt at the first picture
    assert recorder.awaits_visitor(120)
    if has_preroll:
        assert not recorder.awaits_visitor(2.0)  # who rings without end does not fill the disk
    _see(recorder, 3, 0.0)
    assert not recorder.awaits_visitor(120)


def test_a_visitor_of_long_ago_is_not_awaited(recorder, tmp_path):
    """The camera stays away. Nor is one while it is private: the clip has ended."""
    _see(recorder, 1, 4.0)
    recorder.start_clip(tmp_path / "clip.mp4", 60.0)
    assert not recorder.awaits_visitor(120)
    recorder.start_clip(tmp_path / "clip.mp4", 0.0)
    recorder.forget()
    assert not recorder.awaits_visitor(120)


def test_a_clip_of_a_camera_that_stays_away_is_none(recorder, tmp_path):
    """No file is left, and what comes later does not begin it."""
    recorder.start_clip(tmp_path / "clip.mp4")
    assert recorder.finish_clip() is None
    _see(recorder, 1, 0.0)
    assert list(tmp_path.iterdir()) == []


def test_a_jpeg_is_made_to_fit():
    """By its quality and size; one that fits is not touched, and one that cannot fit is refused."""
    jpeg = picture_of(5)
    assert jpeg_within(jpeg, len(jpeg)) is jpeg
    assert len(jpeg_within(jpeg, len(jpeg) - 1)) < len(jpeg)
    with pytest.raises(CameraError, match="as little as 10 bytes"):
        jpeg_within(jpeg, 10)
    with pytest.raises(CameraError, match="cannot be decoded"):
        jpeg_within(b"\xff\xd8 no picture", 10)
