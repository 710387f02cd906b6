"""Those who look: what waits for them is bounded, and the camera never waits."""

import threading
import time

import pytest

from devices.video import CameraError, Packet, Recorder, StreamFormat
from devices.video.live import viewer as viewers
from devices.video.recorded import NoCopyError
from tests.devices.film import SIZE, numbers_in, picture_of
from tests.house import until

H264 = StreamFormat("h264", b"", *SIZE, template=object())
MJPEG = StreamFormat("mjpeg", b"", *SIZE)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A recorder that has seen nothing, and soon loses patience."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", 0.1)
    return Recorder("front")


def _see(recorder, data, *, is_key=False, stream_format=H264):
    now = time.monotonic()
    recorder.add(stream_format, Packet(now, now, data, is_key))


def _data(packets):
    return [packet.data for packet in packets]


def test_it_begins_at_the_last_key_frame(recorder):
    """A decoder can begin at once, and what is older is not looked at."""
    for number, is_key in enumerate([True, False, True, False]):
        _see(recorder, b"%d" % number, is_key=is_key)
    with recorder.watch() as viewer:
        assert _data(viewer.wait(0)) == [b"2", b"3"]
        _see(recorder, b"4")
        _see(recorder, b"5", is_key=True)
        assert _data(viewer.wait(0)) == [b"4", b"5"]


def test_nobody_is_remembered_who_has_left(recorder):
    """The camera adds nothing for viewers that are gone."""
    _see(recorder, b"0", is_key=True)
    with recorder.watch() as viewer:
        viewer.wait(0)
    _see(recorder, b"1")
    assert viewer.wait(0) == []


def test_who_is_too_slow_misses_pictures_up_to_the_next_key_frame(recorder, monkeypatch):
    """What waits is bounded, and what comes after it can be decoded."""
    monkeypatch.setattr(viewers, "BACKLOG_BYTES", 10)
    _see(recorder, b"key 0", is_key=True)
    with recorder.watch() as viewer:
        for number in range(10):
            _see(recorder, b"no %d" % number)
            assert sum(map(len, _data(viewer._waiting))) <= 15
        assert viewer.wait(0) == []
        _see(recorder, b"lost")
        _see(recorder, b"key 1", is_key=True)
        _see(recorder, b"next")
        assert _data(viewer.wait(0)) == [b"key 1", b"next"]


def test_the_first_group_may_be_large_and_later_ones_may_not_wait(recorder, monkeypatch):
    """A camera with rare key frames is shown, too, and a slow viewer sees what is now."""
    monkeypatch.setattr(viewers, "BACKLOG_BYTES", 10)
    _see(recorder, b"a large key frame", is_key=True)
    with recorder.watch() as viewer:
        _see(recorder, b"small")
        assert _data(viewer.wait(0)) == [b"a large key frame", b"small"]
        _see(recorder, b"eight by")
        _see(recorder, b"too many")
        assert viewer.wait(0) == []


@pytest.mark.parametrize(
    "end",
    [
        Recorder.forget,
        lambda recorder: recorder.set_trouble("it is away"),
        lambda recorder: _see(recorder, b"jpeg", is_key=True, stream_format=MJPEG),
    ],
    ids=["private", "away", "another format"],
)
def test_it_ends_when_there_is_nothing_to_see(recorder, end):
    """Also for a viewer whose thread waits: its connection is ended by the camera's thread."""
    ended = threading.Event()
    _see(recorder, b"0", is_key=True)
    with recorder.watch() as viewer:
        viewer.on_end = ended.set
        end(recorder)
        assert ended.is_set()
        assert viewer.wait(0) is None


def test_who_waits_is_woken(recorder):
    """A picture is passed on as it comes."""
    _see(recorder, b"0", is_key=True)
    got = []
    with recorder.watch() as viewer:
        viewer.wait(0)
        thread = threading.Thread(target=lambda: got.extend(_data(viewer.wait(60))))
        thread.start()
        _see(recorder, b"1")
        thread.join(60)
    assert got == [b"1"]


def test_without_a_picture_nobody_looks(recorder):
    """The reason is told."""
    with pytest.raises(CameraError, match="gives no picture"):
        recorder.watch()
    recorder.private = lambda: "private until 16:30"
    for look in (recorder.watch, recorder.still):
        with pytest.raises(CameraError, match="private until 16:30"):
            look()


def test_what_browsers_cannot_show_is_not_copied(recorder):
    """There are pictures of it."""
    _see(recorder, picture_of(7), is_key=True, stream_format=MJPEG)
    with pytest.raises(NoCopyError, match="sends mjpeg"):
        recorder.watch()
    assert recorder.still().startswith(b"\xff\xd8")


def test_all_who_look_share_a_picture(recorder, tmp_path):
    """One is taken each half second, however many ask; and then a new one."""
    taken = []
    take = recorder.picture
    recorder.picture = lambda: taken.append(1) or take()
    _see(recorder, picture_of(7), is_key=True, stream_format=MJPEG)
    recorder._stills._due = 0
    first = recorder.still()
    recorder._stills._due = time.monotonic() + 3600
    assert all(recorder.still() is first for _ in range(10))
    assert len(taken) == 1
    recorder._stills._due = 0

    def shows_the_next() -> bool:
        _see(recorder, picture_of(8), is_key=True, stream_format=MJPEG)
        recorder._stills._due = 0
        (tmp_path / "now.jpg").write_bytes(recorder.still())
        return numbers_in(tmp_path / "now.jpg") == [8]

    until(shows_the_next, "the next one is taken")


def test_no_picture_of_before_is_kept_when_it_is_private(recorder):
    """One that was being taken when privacy began is neither given nor kept."""
    _see(recorder, picture_of(7), is_key=True, stream_format=MJPEG)
    recorder.still()
    recorder.forget()
    assert recorder._stills._jpeg is None
    recorder.picture = lambda: setattr(recorder, "private", lambda: "private") or b"jpeg"
    with pytest.raises(CameraError, match="private"):
        recorder.still()
    assert recorder._stills._jpeg is None
