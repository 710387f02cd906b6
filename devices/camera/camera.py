"""The camera: what a doorbell needs of one, and which one a name means."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from devices.video.files import Footage

PI = re.compile(
    r"picamera(?::(\d{2,4})x(\d{2,4}))?"
)  # a Raspberry Pi camera module, and the size of its pictures


class Camera(Protocol):
    """Something that sees the door. It is open as long as the process lives: opening takes seconds."""

    def private(self) -> str | None:
        """Why nobody may look now, in words; None when one may. Then it holds no picture, and can give none."""

    def snapshot(self, path: Path, ago_s: float = 0.0) -> float:
        """Write a moment as JPEG: the picture that was seen nearest to it, and never one from long before.

        Args:
            path: What it is to be called.
            ago_s: How many seconds ago that moment was.

        Returns:
            How many seconds after the moment it was seen (before it, when negative).

        Raises:
            CameraError: there is no picture of then or later; trying again may help.
        """

    def check(self) -> int:
        """Take a picture now and encode it, and keep nothing; gives its size in bytes.

        Raises:
            CameraError: there is no picture now.
        """

    def start_clip(self, path: Path, ago_s: float = 0.0) -> tuple[Path, float]:
        """Begin an MP4 (H.264) with the seconds before that moment, and return at once.

        Args:
            path: What it is to be called.
            ago_s: How many seconds ago the moment was.

        Returns:
            The clip that is being recorded (`path`, or that of a clip which has begun already), and its seconds by now.

        Raises:
            CameraError: there is no picture now; trying again later may help.
        """

    def finish_clip(self) -> Footage | None:
        """End the clip: it stands complete under its name only now. None when none was being recorded.

        Raises:
            CameraError: it could not be written.
        """

    def on_trouble(self, tell: Callable[[str], None]) -> None:
        """Have it told now, and whenever it changes, what is wrong; empty words when all is well."""

    def close(self) -> None:
        """Let go of it."""


def fault_in_name(name: str) -> str | None:
    """Why no camera can be had under this name; None when one may. Nothing is opened."""
    if PI.fullmatch(name) and find_spec("picamera2") is None:
        return "picamera2 is not installed. Install it with apt (python3-picamera2), and see README, On a Raspberry Pi"
    if name == "test" or PI.fullmatch(name) or "://" in name or Path(name).exists():
        return None
    if name.startswith("/dev/"):
        return f"{name}: there is no such device. `ls /dev/video*` shows what there is"
    return (
        f"{name!r}: no camera and no video file. Write test, picamera, picamera:1920x1080, /dev/video0, rtsp://… or a "
        "file's path"
    )


def open_camera(
    name: str,
    *,
    preroll_s: float = 5.0,
    ring_mb: float = 16,
    private: Callable[[], str | None] = lambda: None,
) -> Camera:
    """The camera of this name. It need not be there: it is looked for again and again.

    Args:
        name: `test` (a test pattern), `picamera` (a Raspberry Pi camera module; `picamera:1920x1080` in that size),
            `/dev/video0` (V4L2), `rtsp://…` or `http://…` (a network camera), or the path of a video file, which is
            shown again and again.
        preroll_s: How many seconds it keeps in memory, encoded.
        ring_mb: How much memory that may take, at most; what is longer is cut short.
        private: Why nobody may look now; None when one may. Asked twice a second.

    Raises:
        CameraError: its library is missing.
    """
    if pi := PI.fullmatch(name):
        from devices.camera.picamera import SIZE, PiCamera  # noqa: PLC0415 - hardware only where it is used

        size = (int(pi[1]), int(pi[2])) if pi[1] else SIZE
        return PiCamera(size=size, preroll_s=preroll_s, ring_mb=ring_mb, private=private)
    from devices.camera.ffmpeg import AvCamera  # noqa: PLC0415 - 20 MB that only a camera's process needs

    return AvCamera(name, preroll_s=preroll_s, ring_mb=ring_mb, private=private)
