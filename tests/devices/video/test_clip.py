"""The clip that is being written: what it does when its file fails."""

import logging
import time
import weakref
from pathlib import Path

import pytest

from devices.video import CameraError, Packet, StreamFormat
from devices.video.clip import Clip
from tests.devices.film import SIZE
from tests.house import until

FORMAT = StreamFormat("mjpeg", b"", *SIZE)


class _Picture(bytearray):
    """The bytes of a picture, of which the test sees whether they are in memory."""


def _packet(number: int) -> Packet:
    return Packet(float(number), float(number), _Picture(1_000_000), is_key=True)


def test_a_clip_whose_file_failed_keeps_no_pictures(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """Neither those that waited nor those that come, and no line says that the disk is slow."""
    (tmp_path / "file").touch()
    before = [_packet(number) for number in range(20)]
    clip = Clip(tmp_path / "file" / "clip.mp4", FORMAT, before, time.monotonic())
    waiting = [weakref.ref(packet.data) for packet in before[1:-1]]
    before.clear()
    until(lambda: not any(picture() for picture in waiting), "what waited is gone")
    for number in range(20, 60):
        packet = _packet(number)
        picture = weakref.ref(packet.data)
        clip.add(FORMAT, packet)
        del packet
        assert picture() is None
    assert not clip.is_running
    with pytest.raises(CameraError, match="could not be written"):
        clip.finish()
    lines = [record.message for record in caplog.records if record.levelno >= logging.INFO]
    assert len(lines) == 1
    assert "is abandoned" in lines[0]


def test_a_clip_whose_writing_fails_in_any_way_is_no_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Also in one that nobody has thought of."""

    def fail(*_: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr("devices.video.movie.Movie.write", fail)
    clip = Clip(tmp_path / "clip.mp4", FORMAT, [_packet(0)], time.monotonic())
    with pytest.raises(CameraError, match="could not be written: odd"):
        clip.finish()
    assert not list(tmp_path.iterdir())
