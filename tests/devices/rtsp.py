"""A real RTSP server for tests, in a process of its own."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.house import until
from tests.needs import miss, packages

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).parent / "rtsp_server.py"
NEEDS = (
    "python3-gi",
    "gir1.2-gst-rtsp-server-1.0",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-ugly",
)


def need_rtsp_server() -> None:
    """Skip where there is none; CI must not."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if (
        not Path(SYSTEM_PYTHON).exists()
        or subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False).returncode
    ):
        miss("an RTSP server", packages(*NEEDS))


def address(port: int) -> str:
    """Where its camera is."""
    return f"rtsp://127.0.0.1:{port}/door"


@contextmanager
def serving(port: int, *kinds: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A server on this port; the kinds are those of rtsp_server.py.

    Like any camera it has a clock of its own, also where .ci/at gives the tests another one.
    """
    command = [SYSTEM_PYTHON, SERVER, str(port), *kinds]
    own = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=own) as server:
        try:
            until(lambda: _listens(port), "the RTSP server listens")
            yield server
        finally:
            server.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
