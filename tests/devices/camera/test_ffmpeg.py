"""A network camera, by way of a real RTSP server."""

import io
import logging
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from devices.camera import AvCamera, ffmpeg, open_camera
from devices.video import CameraError
from devices.video.reading import source
from tests.devices.film import make_film
from tests.devices.http_camera import http_camera
from tests.devices.rtsp import address, need_rtsp_server, serving
from tests.forked import PATIENCE_S
from tests.house import free_port, until


@pytest.fixture
def port() -> int:
    """A port for a server that the test starts when it likes."""
    need_rtsp_server()
    return free_port()


@pytest.fixture
def rtsp(port: int) -> Iterator[str]:
    """The address of a camera on the network."""
    with serving(port):
        yield address(port)


def _units(path: Path) -> set[bytes]:
    """The coded pictures in an MP4: each NAL unit behind its length (ISO 14496-15, 5.3.3)."""
    units = set()
    with av.open(str(path)) as movie:
        for packet in movie.demux(video=0):
            data, place = bytes(packet), 0
            while place < len(data):
                size = int.from_bytes(data[place : place + 4], "big")
                units.add(data[place + 4 : place + 4 + size])
                place += 4 + size
    return {unit for unit in units if unit[0] & 0x1F in (1, 5)}


def _reach_s(camera: AvCamera) -> float:
    newest = camera._ring.newest()
    return newest.at - camera._ring.since(0)[0].at if newest else 0.0


def _newest_at(camera: AvCamera) -> float:
    newest = camera._ring.newest()
    return newest.at if newest else 0.0


def test_a_network_camera_is_copied(rtsp: str, tmp_path: Path):
    """A picture of now, and a clip from before, of the very bits that the camera sent."""
    camera = open_camera(rtsp, preroll_s=1)
    try:
        until(lambda: _reach_s(camera) > 1.2, "there is something to remember")
        until(
            lambda: abs(camera.snapshot(tmp_path / "now.jpg")) < 0.5,
            "one of now: a busy machine is late now and then",
        )
        sent = b"".join(packet.data for packet in camera._ring.since(0))
        clip, length_s = camera.start_clip(tmp_path / "clip.mp4")
        until(lambda: camera.start_clip(tmp_path / "other.mp4")[1] > length_s + 0.4, "it grows")
        sent += b"".join(packet.data for packet in camera._ring.since(0))
        recorded = camera.finish_clip()
    finally:
        camera.close()
    assert recorded is not None
    assert recorded.preroll_s > 0.9
    with av.open(str(tmp_path / "now.jpg")) as picture:
        assert picture.streams.video[0].width == 320
    units = _units(clip)
    assert len(units) > 20
    assert sum(unit not in sent for unit in units) <= 2, "but for what came since we looked"
    with av.open(str(clip)) as movie:
        assert movie.duration / av.time_base == pytest.approx(recorded.seconds, abs=0.2)
        assert sum(1 for _ in movie.decode(video=0)) >= 20


def test_a_camera_of_another_kind_gives_its_picture_too(port: int, tmp_path: Path):
    """Over UDP only, its pixels not square, and any character in its password, even `%41`."""
    login = "admin:p@ss#w%41/d?"
    with serving(port, "udp", "squeezed", f"login={login}"):
        camera = open_camera(address(port).replace("rtsp://", f"RTSP://{login}@"))
        try:
            until(camera._ring.newest, lambda: f"it sees: {camera._trouble}")
            camera.snapshot(tmp_path / "now.jpg")
        finally:
            camera.close()
    assert "p@ss" not in camera.name
    with av.open(str(tmp_path / "now.jpg")) as picture:
        stream = picture.streams.video[0]
        assert (stream.width, stream.height) == (round(320 * 16 / 11), 240)


def test_a_refused_login_is_told_as_that(port: int):
    """A wrong password is no camera that is away."""
    words: list[str] = []
    with serving(port, "login=admin:right"):
        camera = open_camera(address(port).replace("rtsp://", "rtsp://admin:wrong@"))
        try:
            camera.on_trouble(words.append)
            until(lambda: words[-1], "it is told")
        finally:
            camera.close()
    assert "refuses the login. Are user and password in its address right?" in words[-1]


def test_a_percent_sign_in_a_password_may_be_one(port: int):
    """`a%41b` is tried as `aAb`, and then as it stands there."""
    with serving(port, "login=admin:a%41b"):
        camera = open_camera(address(port).replace("rtsp://", "rtsp://admin:a%41b@"))
        try:
            until(camera._ring.newest, lambda: f"it sees: {camera._trouble}")
        finally:
            camera.close()


def test_a_camera_without_key_frames_is_connected_to_again(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It sends one to whoever connects. No clip begins long before its press, or is cut."""
    monkeypatch.setattr(ffmpeg, "LONGEST_GROUP_S", 0.5)
    with serving(port, "keyless"):
        camera = open_camera(address(port), preroll_s=0.2)
        try:
            until(camera._ring.newest, "it sees")
            first = camera._ring.newest()
            until(lambda: camera._ring.since(0)[0].at > first.at, "there is another key frame")
            _, length_s = camera.start_clip(tmp_path / "clip.mp4")
            assert length_s <= 0.2
            camera.snapshot(tmp_path / "now.jpg")
        finally:
            camera.close()
    assert camera._trouble == ""


def test_a_key_frame_that_came_at_once_before_is_not_waited_for_as_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The second time it is: a camera may have sent one by chance. It was 40 s each time."""
    patience: list[float] = []
    real = ffmpeg._Reader.__init__

    def init(self, source, add, patience_s):
        patience.append(patience_s)
        real(self, source, add, patience_s)

    monkeypatch.setattr(ffmpeg._Reader, "__init__", init)
    monkeypatch.setattr(ffmpeg, "OPENING_S", 3600.0)
    monkeypatch.setattr(ffmpeg, "PROMPT_S", 60.0)  # a busy machine is slow
    monkeypatch.setattr(ffmpeg, "FROZEN_S", 2.5)
    monkeypatch.setattr(ffmpeg, "LONGEST_GROUP_S", 3.0)
    film = make_film(tmp_path / "film.ts", "libx264", 2)
    words: list[str] = []
    with http_camera(form="film", film=film.read_bytes()) as http:
        camera = open_camera(http.url)
        try:
            camera.on_trouble(words.append)
            until(camera._ring.newest, "it sees")
            http.film = _without_key_frames(film)
            until(lambda: patience[-2:] == [3.0, 3.0], lambda: f"it is: {patience}, {words}")
            assert "(it sends no key frame). Set its key frame interval (GOP)" in words[-1]
            http.film = film.read_bytes()
            until(lambda: words[-1] == "", "it sees again")
        finally:
            camera.close()
    assert 2.5 in patience


def _without_key_frames(film: Path) -> bytes:
    out = io.BytesIO()
    with av.open(str(film)) as whole, av.open(out, "w", "mpegts") as rest:
        stream = rest.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.size and not packet.is_keyframe:
                packet.stream = stream
                rest.mux(packet)
    return out.getvalue()


def test_a_camera_with_too_few_key_frames_for_its_memory_is_connected_to_again(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """It was blind for good, without a word, once a group no longer fitted; also during a clip."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("devices.video.recorder.BLIND_S", 0.2)
    words: list[str] = []
    with serving(port, "keyless"):
        camera = open_camera(address(port), ring_mb=0.03)
        try:
            camera.on_trouble(words.append)
            camera.start_clip(tmp_path / "clip.mp4")
            until(lambda: words[-1], "it is told")
            told_at = time.monotonic()
            until(lambda: _newest_at(camera) > told_at, "it sees again")
            camera.snapshot(tmp_path / "now.jpg")
            until(lambda: camera._ring.is_empty, "it is blind again")
            until(lambda: not camera._ring.is_empty, "it sees again")
            recorded = camera.finish_clip()
        finally:
            camera.close()
    assert "too few key frames" in words[1]
    assert "(GOP) to one or two seconds, or raise ring_mb" in words[1]
    assert recorded is not None
    assert caplog.text.count("connecting again") == 1, "and not every five seconds"


def test_a_camera_that_comes_late_is_found(port: int, tmp_path: Path):
    """Until then its fault is reported, without its password; then the fault is over."""
    words: list[str] = []
    camera = open_camera(address(port).replace("//", "//user:secret@"))
    try:
        camera.on_trouble(words.append)
        until(lambda: words[-1], "it says so")
        assert "gives no picture (" in words[-1]
        assert "secret" not in words[-1]
        with serving(port):
            until(lambda: words[-1] == "", "it is found")
            camera.snapshot(tmp_path / "now.jpg")
    finally:
        camera.close()


def test_a_frozen_camera_is_reported_and_comes_back(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A silent camera never shows an old picture as new. Its clip goes on when it is back."""
    monkeypatch.setattr(source, "TIMEOUT_S", (10.0, 1.0))
    monkeypatch.setattr(ffmpeg, "GRACE_S", 0.5)
    monkeypatch.setattr("devices.video.recorder.PATIENCE_S", 0.5)
    words: list[str] = []
    with serving(port) as server:
        camera = open_camera(address(port))
        try:
            camera.on_trouble(words.append)
            until(camera._ring.newest, "it sees")
            camera.start_clip(tmp_path / "clip.mp4")
            server.send_signal(signal.SIGSTOP)
            until(lambda: words[-1], "it is told")
            with pytest.raises(CameraError, match="gives no picture"):
                camera.snapshot(tmp_path / "never.jpg")
            server.send_signal(signal.SIGCONT)
            monkeypatch.setattr("devices.video.recorder.PATIENCE_S", PATIENCE_S)
            until(lambda: words[-1] == "", "it is back")
            camera.snapshot(tmp_path / "now.jpg")
            recorded = camera.finish_clip()
        finally:
            camera.close()
    assert recorded is not None
    assert recorded.seconds > 1
    with av.open(str(recorded.path)) as movie:
        assert sum(1 for _ in movie.decode(video=0)) > 2


def test_a_device_that_hangs_in_its_driver_is_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Another thread opens the camera again, and the stuck one adds nothing more."""
    monkeypatch.setattr(ffmpeg, "FROZEN_S", 1.0)
    monkeypatch.setattr(ffmpeg, "GRACE_S", 0.5)
    stuck, hangs = threading.Event(), [True, False]
    real = source.AvSource.packets

    def packets(self, stopped):
        for packet in real(self, stopped):
            if hangs and hangs.pop():
                stuck.wait(60)
            yield packet

    monkeypatch.setattr(source.AvSource, "packets", packets)
    words: list[str] = []
    camera = open_camera("test")
    try:
        camera.on_trouble(words.append)
        until(lambda: any("it is frozen" in one for one in words), lambda: f"it is told: {words}")
        until(lambda: words[-1] == "", "another one sees")
        camera.snapshot(tmp_path / "now.jpg")
    finally:
        stuck.set()
        camera.close()
