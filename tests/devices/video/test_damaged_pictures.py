"""A camera behind bad Wi-Fi sends damaged pictures now and then. They cost only themselves."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from devices.video import CameraError, Packet, Recorder, StreamFormat
from devices.video.packets.packet import format_of_stream
from tests.devices.film import RATE, SIZE, make_film, numbers_in, picture_of
from tests.forked import PATIENCE_S

JPEGS = StreamFormat("mjpeg", b"", *SIZE)
DAMAGED = picture_of(2)[:100] + b"\xff\xd9"  # cut in its tables

# A decoder's thread that waits for Python's lock stops all of the process, this test's too.
DECODE = """
import sys
import av
from devices.video.packets.packet import Packet, format_of_stream
from devices.video.recorded import CameraError
from devices.video.snapshot import jpeg_of

with av.open(sys.argv[1]) as film:
    stream_format = format_of_stream(film.streams.video[0])
    sent = [bytes(packet) for packet in film.demux(video=0) if packet.size]
for damaged in range(3, 12):
    packets = [
        Packet(place / 15, place / 15, bytes(len(data)) if place == damaged else data, place == 0)
        for place, data in enumerate(sent)
    ]
    try:
        jpeg_of(stream_format, packets, at=2.0)
    except CameraError:
        pass
print("done")
"""


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_damaged_picture_does_not_freeze_the_process(tmp_path: Path, codec: str):
    """Zeros in place of a picture: the decoder gives up, and ends."""
    film = make_film(tmp_path / "film.ts", codec, 2, group=30)
    decoding = [sys.executable, "-c", DECODE, str(film)]
    done = subprocess.run(decoding, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.stdout == "done\n", done.stderr


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A recorder that has seen nothing."""
    recorder = Recorder("front")
    yield recorder
    recorder.end_clip()


def _see(recorder: Recorder, at: float, jpeg: bytes) -> None:
    recorder.add(JPEGS, Packet(at, at, jpeg, is_key=True))


def test_a_damaged_picture_is_made_up_for_by_the_next(recorder: Recorder, tmp_path: Path):
    """The nearest one to the press cannot be decoded: no attempt sticks to it."""
    pressed = time.monotonic() - 2.0
    sent = {-1.0: picture_of(1), -0.05: DAMAGED, 0.1: DAMAGED, 0.2: picture_of(3)}
    for after_s, jpeg in sent.items():
        _see(recorder, pressed + after_s, jpeg)
    assert recorder.snapshot(tmp_path / "x.jpg", time.monotonic() - pressed) > 0
    assert numbers_in(tmp_path / "x.jpg") == [3]


def test_after_a_damaged_picture_the_camera_is_waited_for(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A picture from long before the press would not show the visitor."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", 60.0)  # a busy machine is slow
    _see(recorder, time.monotonic() - 1.0, picture_of(1))
    _see(recorder, time.monotonic(), DAMAGED)
    later = threading.Timer(0.2, lambda: _see(recorder, time.monotonic(), picture_of(2)))
    later.start()
    recorder.snapshot(tmp_path / "x.jpg")
    later.join()
    assert numbers_in(tmp_path / "x.jpg") == [2]


def test_a_camera_of_which_nothing_can_be_decoded_is_told_as_that(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The patience ends, even if damaged pictures come without end. No clip is reported."""
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", 0.0)
    recorder.start_clip(tmp_path / "clip.mp4")
    _see(recorder, time.monotonic(), DAMAGED)
    with pytest.raises(CameraError, match="the picture cannot be decoded"):
        recorder.snapshot(tmp_path / "x.jpg")
    with pytest.raises(CameraError, match="none of its pictures can be decoded"):
        recorder.finish_clip()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("codec", ["mjpeg", "libx264", "libx265"])
def test_a_clip_misses_only_what_is_damaged(
    recorder: Recorder, tmp_path: Path, codec: str, caplog: pytest.LogCaptureFixture
):
    """And so do the pictures of every moment of it, also behind the damage in the same group."""
    film = make_film(tmp_path / ("film.avi" if codec == "mjpeg" else "film.ts"), codec, 2, group=30)
    with av.open(str(film)) as container:
        stream_format = replace(format_of_stream(container.streams.video[0]), template=None)
        sent = [packet for packet in container.demux(video=0) if packet.size]
    began = time.monotonic() - 2.0
    for place, packet in enumerate(sent):
        at = began + float((packet.pts - sent[0].pts) * packet.time_base)
        data = bytes(packet.size) if place in {11, 14} else bytes(packet)
        is_key = bool(packet.is_keyframe)
        recorder.add(stream_format, Packet(at, began + place / RATE - 1, data, is_key))
    after_s = recorder.snapshot(tmp_path / "x.jpg", time.monotonic() - began - 20 / RATE)
    assert abs(after_s) < 0.5
    recorder.start_clip(tmp_path / "clip.mp4", time.monotonic() - began)
    assert recorder.finish_clip() is not None
    numbers = numbers_in(tmp_path / "clip.mp4")
    assert numbers[0] == 0
    assert numbers[-1] == 29
    assert len(numbers) >= 24
    assert len([one for one in caplog.records if "is left out" in one.message]) == 1
