"""A network camera, by way of a real RTSP server."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from devices.camera import open_camera
from tests.house import free_port, until

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).parent / "rtsp_server.py"
NEEDS = "gir1.2-gst-rtsp-server-1.0, python3-gi and GStreamer's base, good and ugly plugins"


@pytest.fixture
def rtsp() -> Iterator[str]:
    """The address of a camera on the network."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False).returncode:
        if os.environ.get("CI"):
            pytest.fail(f"CI must not do without a real RTSP server: apt-get install {NEEDS}")
        pytest.skip(f"no RTSP server: {NEEDS} are missing")
    port = free_port()
    with subprocess.Popen([SYSTEM_PYTHON, SERVER, str(port)], stdout=subprocess.DEVNULL) as server:
        until(lambda: _listens(port), "the RTSP server listens")
        yield f"rtsp://127.0.0.1:{port}/door"
        server.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_network_camera_gives_picture_and_clip(rtsp: str, tmp_path: Path):
    """Over RTSP: a JPEG of what is seen now, and an H.264 clip of it."""
    camera = open_camera(rtsp)
    try:
        camera.snapshot(tmp_path / "now.jpg")
        clip = camera.start_clip(tmp_path / "clip.mp4")
        for _ in range(5):
            camera.snapshot(tmp_path / "later.jpg")
        finished = camera.finish_clip()
    finally:
        camera.close()
    assert finished is not None
    assert finished[0] == clip
    with av.open(str(tmp_path / "now.jpg")) as picture:
        assert picture.streams.video[0].width == 320
    with av.open(str(clip)) as movie:
        assert movie.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in movie.decode(video=0)) >= 4
