"""The Raspberry Pi's camera. A stand-in for picamera2 gives real H.264."""

import io
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import pytest

from devices.camera import fault_in_camera, open_camera, picamera
from tests.house import until

RATE = 15


class _Output:
    """As picamera2 has it: the base of what takes packets."""

    def start(self) -> None:
        """Nothing to do."""


class _Encoder:
    def __init__(self, **settings: Any) -> None:
        self.settings = settings


class _Hardware(_Encoder):
    """The Pi's own, which a Pi 5 has not."""


class _Software(_Encoder):
    """FFmpeg's."""


class _Pi:
    """Encodes a test pattern as bare H.264 (Annex B), with times in microseconds."""

    has_hardware = True
    is_away = False
    used: list[_Encoder]

    def __init__(self) -> None:
        if self.is_away:
            raise IndexError("list index out of range")
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
        return main

    def configure(self, configuration: dict[str, Any]) -> None:
        """It has one size."""

    def start_recording(self, encoder: _Encoder, output: Any) -> None:
        if isinstance(encoder, _Hardware) and not self.has_hardware:
            raise FileNotFoundError("/dev/video11")
        self.used.append(encoder)
        self._thread = threading.Thread(target=self._encode, args=(output,), daemon=True)
        self._thread.start()

    def _encode(self, output: Any) -> None:
        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt, codec.time_base = (
            320,
            240,
            "yuv420p",
            Fraction(1, RATE),
        )
        codec.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(RATE)}
        with av.open(f"testsrc2=size=320x240:rate={RATE}", format="lavfi") as source:
            for number, frame in enumerate(source.decode(video=0)):
                if self._stopped.wait(1 / RATE):
                    return
                frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, RATE), 0
                for packet in codec.encode(frame):
                    output.outputframe(
                        bytes(packet), packet.is_keyframe, number * 1_000_000 // RATE, packet=packet
                    )

    def capture_file(self, file: io.BytesIO, format: str) -> None:  # noqa: A002 - picamera2's name
        file.write(b"\xff\xd8\xff" + format.encode())

    def stop(self) -> None:
        """The camera alone."""

    def stop_recording(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def close(self) -> None:
        """Let go."""


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Pi]]:
    """picamera2, as it would be found."""

    class Pi(_Pi):
        used: list[_Encoder] = []  # noqa: RUF012 - one for each test

    for name, parts in (
        ("picamera2", {"Picamera2": Pi}),
        ("picamera2.encoders", {"H264Encoder": _Hardware, "LibavH264Encoder": _Software}),
        ("picamera2.outputs", {"Output": _Output}),
    ):
        module = ModuleType(name)
        vars(module).update(parts)
        monkeypatch.setitem(sys.modules, name, module)
    return Pi


def test_its_packets_are_kept_and_copied(pi: type[_Pi], tmp_path: Path):
    """A clip comes from the same ring as other cameras'; a picture of now from the sensor."""
    camera = open_camera("picamera", preroll_s=1)
    try:
        until(lambda: len(camera._ring.since(0)) > 1.5 * RATE, "there is something to remember")
        assert camera.snapshot(tmp_path / "now.jpg", 0.1) == 0.1
        assert (tmp_path / "now.jpg").read_bytes() == b"\xff\xd8\xffjpeg"
        assert abs(camera.snapshot(tmp_path / "then.jpg", 0.8)) < 0.3
        assert len(camera.picture()) == 7
        clip, length_s = camera.start_clip(tmp_path / "clip.mp4")
        until(lambda: camera.start_clip(clip)[1] > length_s + 0.3, "it grows")
        recorded = camera.finish_clip()
    finally:
        camera.close()
    assert recorded is not None
    assert recorded.preroll_s > 0.7
    with av.open(str(clip)) as movie:
        assert movie.streams.video[0].codec_context.name == "h264"
        assert movie.duration / av.time_base == pytest.approx(recorded.seconds, abs=0.2)
        assert sum(1 for _ in movie.decode(video=0)) > RATE / 2, "a busy machine films less"
    with av.open(str(tmp_path / "then.jpg")) as picture:
        assert picture.streams.video[0].width == 320
    assert [type(one) for one in pi.used] == [_Hardware]
    assert pi.used[0].settings["repeat"]


def test_it_films_in_the_size_that_is_asked_for(pi: type[_Pi], monkeypatch: pytest.MonkeyPatch):
    """`picamera:640x480`; what is no size is no camera."""
    asked: list[Any] = []
    monkeypatch.setattr(
        pi, "create_video_configuration", lambda _, main: asked.append(main["size"])
    )
    for name in ("picamera:640x480", "picamera"):
        camera = open_camera(name, preroll_s=0)
        try:
            until(camera._ring.newest, "it sees")
        finally:
            camera.close()
    assert asked == [(640, 480), (1280, 720)]
    assert "picamera:1920x1080" in (fault_in_camera("picamera:640") or "")


def test_without_the_hardwares_encoder_there_is_ffmpegs(pi: type[_Pi], tmp_path: Path):
    """A Pi 5, or a kernel without it."""
    pi.has_hardware = False
    camera = open_camera("picamera", preroll_s=0)
    try:
        until(camera._ring.newest, "it sees")
    finally:
        camera.close()
    assert [type(one) for one in pi.used] == [_Software]


def test_a_module_that_is_not_plugged_in_is_looked_for_again(
    pi: type[_Pi], monkeypatch: pytest.MonkeyPatch
):
    """The words say what to do; and then it is there."""
    monkeypatch.setattr(picamera, "RETRY_S", (0.05,))
    pi.is_away = True
    words: list[str] = []
    camera = open_camera("picamera")
    try:
        camera.on_trouble(words.append)
        until(lambda: "rpicam-hello --list-cameras" in words[-1], "it says so")
        pi.is_away = False
        until(lambda: words[-1] == "", "it is found")
    finally:
        camera.close()
