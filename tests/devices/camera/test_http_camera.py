"""Cameras that send JPEGs over HTTP, in all the ways in which they do it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.camera import AvCamera, open_camera
from tests.devices.film import RATE, make_film, numbers_in
from tests.devices.http_camera import HttpCamera, http_camera
from tests.house import until


@contextmanager
def _seeing(http: HttpCamera) -> Iterator[AvCamera]:
    camera = open_camera(http.url, preroll_s=2)
    assert isinstance(camera, AvCamera)
    try:
        until(camera._ring.newest, "it sees")
        yield camera
    finally:
        camera.close()


@pytest.mark.parametrize("form", ["multipart", "late", "bare", "still"])
def test_a_picture_shows_its_moment(form: str, tmp_path: Path):
    """FFmpeg stamps MJPEG at 25 a second: its pictures were up to a second off, or dropped."""
    with http_camera(form=form, pause_s=0.15) as http, _seeing(http) as camera:
        looks = [_look(http, camera, tmp_path / "x.jpg") for _ in range(8)]
    right = [
        shown_s
        for shown_s, told_s in looks
        if shown_s == pytest.approx(told_s, abs=0.25) and -0.3 < told_s < 0.8
    ]
    assert len(right) >= 5, f"a busy machine is late now and then: {looks}"


def _look(http: HttpCamera, camera: AvCamera, path: Path) -> tuple[float, float]:
    """How long after the press a picture was taken, as it shows itself and as it is told."""
    pressed = http.number()
    told_s = camera.snapshot(path)
    (number,) = numbers_in(path)
    return (number - pressed) / RATE, told_s


def test_a_stream_of_another_kind_is_read_in_the_same_connection(tmp_path: Path):
    """Many a camera takes one only. Here it is an MPEG transport stream."""
    film = make_film(tmp_path / "film.ts", "libx264", 2).read_bytes()
    with http_camera(form="film", film=film) as http, _seeing(http) as camera:
        until(lambda: camera._ring.newest().at > camera._ring.since(0)[0].at, "it goes on")
        assert http.requests == 1
        assert camera._format.codec == "h264"


def test_every_picture_of_a_slow_camera_is_kept(tmp_path: Path):
    """An ESP32 sends 5 to 8 a second; every second one was left out."""
    with http_camera(pause_s=0.12) as http, _seeing(http) as camera:
        camera.start_clip(tmp_path / "clip.mp4")
        until(lambda: camera.start_clip(tmp_path / "clip.mp4")[1] > 1.2, "the clip is long enough")
        recorded = camera.finish_clip()
    assert recorded is not None
    numbers = numbers_in(recorded.path)
    sent = [number for number in http.sent if numbers[0] <= number <= numbers[-1]]
    assert len(numbers) > 0.7 * len(sent), "but for what a busy machine sent at once"
    assert (numbers[-1] - numbers[0]) / RATE == pytest.approx(recorded.seconds, abs=0.2)


def test_an_address_of_one_picture_is_a_camera_without_trouble(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """It is asked again and again; that it closes the connection is no fault."""
    monkeypatch.setattr("devices.camera.ffmpeg.STILL_S", 0.05)
    caplog.set_level(logging.INFO)
    words: list[str] = []
    with http_camera(form="still") as http, _seeing(http) as camera:
        camera.on_trouble(words.append)
        until(lambda: http.requests > 3, "it is asked again")
        http.form = "refusing"
        asked = http.requests
        until(lambda: http.requests > asked, "it refuses once")
        http.form = "still"
        until(lambda: http.requests > asked + 2, "it gives pictures again")
    assert words == [""]
    assert not [record for record in caplog.records if record.name.startswith("devices")]


def test_each_picture_ends_a_row_of_failures(monkeypatch: pytest.MonkeyPatch):
    """A 503 now and then made the pauses grow to half a minute, though pictures came between."""
    monkeypatch.setattr("devices.camera.ffmpeg.STILL_S", 0.02)
    monkeypatch.setattr("devices.camera.ffmpeg.RETRY_S", (0.02, 3600))
    with http_camera(form="fitful") as http, _seeing(http):
        until(lambda: http.requests > 6, "it is asked again soon")


def test_one_that_stays_away_is_trouble(monkeypatch: pytest.MonkeyPatch):
    """It is told once, with what the camera said."""
    monkeypatch.setattr("devices.camera.ffmpeg.GRACE_S", 0.3)
    words: list[str] = []
    with http_camera(form="still") as http, _seeing(http) as camera:
        camera.on_trouble(words.append)
        http.form = "refusing"
        until(lambda: words[-1], "it is told")
        http.form = "still"
        until(lambda: words[-1] == "", "it is over")
    assert len(words) == 3
    assert "gives no picture (" in words[1]
