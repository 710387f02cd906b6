"""A real RTSP server for tests, in a process of its own."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.house import until

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).parent / "rtsp_server.py"
NEEDS = "gir1.2-gst-rtsp-server-1.0, python3-gi and GStreamer's base, good and ugly plugins"


def need_rtsp_server() -> None:
    """Skip where there is none; CI must not."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False).returncode:
        if os.environ.get("CI"):
            pytest.fail(f"CI must not do without a real RTSP server: apt-get install {NEEDS}")
        pytest.skip(f"no RTSP server: {NEEDS} are missing")


def address(port: int) -> str:
    """Where its camera is."""
    return f"rtsp://127.0.0.1:{port}/door"


@contextmanager
def serving(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A server on this port."""
    with subprocess.Popen([SYSTEM_PYTHON, SERVER, str(port)], stdout=subprocess.DEVNULL) as server:
        until(lambda: _listens(port), "the RTSP server listens")
        try:
            yield server
        finally:
            server.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
