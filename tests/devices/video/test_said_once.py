"""What happens again and again is logged once: a log is read by people."""

import logging
import time
from pathlib import Path

import pytest

from devices.video import Packet, StreamFormat
from devices.video.clip import Clip
from devices.video.trouble import TroubleReport
from tests.devices.film import SIZE, picture_of

REFUSED, SILENT = "the camera is away (refused)", "the camera is away (timed out)"


def _loud(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.INFO]


def test_reasons_that_take_turns_are_logged_once_each(caplog: pytest.LogCaptureFixture):
    """The status has each of them; when the camera was back, they are news again."""
    caplog.set_level(logging.DEBUG)
    reported: list[str] = []
    report = TroubleReport("front")
    report.on_trouble(reported.append)
    for words in (REFUSED, SILENT, REFUSED, SILENT, "", REFUSED):
        report.set_trouble(words)
    assert reported == ["", REFUSED, SILENT, REFUSED, SILENT, "", REFUSED]
    assert _loud(caplog) == [REFUSED, SILENT, "the camera front gives pictures", REFUSED]


def test_a_slow_disk_is_logged_once_a_clip(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """Of MJPEG each picture can be the next one that is left out: 15 lines a second."""
    monkeypatch.setattr("devices.video.clip.BACKLOG_BYTES", 0)
    began = time.monotonic()
    clip = Clip(tmp_path / "slow.mp4", StreamFormat("mjpeg", b"", *SIZE), [], began)
    for number in range(5):
        at = began + number
        clip.add(StreamFormat("mjpeg", b"", *SIZE), Packet(at, at, picture_of(number), is_key=True))
    assert clip.finish() is None
    assert _loud(caplog) == ["slow.mp4: disk or encoder too slow; pictures are left out"]
