"""The camera: what a doorbell needs of one, and which one a name means."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from devices.camera.address import AddressError, fault_in_address, plain_address, without_password
from devices.machine import is_there
from devices.video.recorded import CameraError, RecordedClip

if TYPE_CHECKING:  # it comes with PyAV, which takes 20 MB
    from devices.video.live.viewer import Viewer

__all__ = ["Camera", "CameraError", "fault_in_camera", "open_camera"]

# A Raspberry Pi camera module, and the size of its pictures.
PI = re.compile(r"picamera(?::(\d{2,4})x(\d{2,4}))?")


class Camera(Protocol):
    """Something that sees the door. It stays open as long as the process: opening takes seconds."""

    def private(self) -> str | None:
        """Why nothing may be recorded now, in words; None when it may.

        While it is private the camera keeps no picture in memory, and can give none.
        """

    def snapshot(self, path: Path, ago_s: float = 0.0) -> float:
        """Write a picture of a moment as JPEG: the nearest one, and never one from long before.

        Args:
            path: The file's name.
            ago_s: How many seconds ago the moment was.

        Returns:
            How many seconds after the moment the picture was taken; negative if it was before.

        Raises:
            CameraError: There is no picture of that moment or later. Another attempt may succeed.
        """

    def picture(self) -> bytes:
        """Take a picture now, and keep none of it.

        Returns:
            The JPEG.

        Raises:
            CameraError: There is no picture now.
        """

    def still(self) -> bytes:
        """Take a picture for somebody who looks on; all who do so share one of each half second.

        Returns:
            The JPEG.

        Raises:
            CameraError: There is no picture now.
        """

    def watch(self) -> "Viewer":
        """Look on: get what the camera sends from its last key frame on, as it comes.

        Raises:
            CameraError: It is private, or there is no picture now.
            NoCopyError: Browsers cannot show what it sends.
        """

    def start_clip(self, path: Path, ago_s: float = 0.0) -> tuple[Path, float]:
        """Start an MP4 (H.264) that begins some seconds before a moment, and return at once.

        If the camera is away it begins when the camera is back.

        Args:
            path: The file's name.
            ago_s: How many seconds ago the moment was.

        Returns:
            The clip that is being recorded (`path`, or the one that was started before and still
            runs), and its length so far in seconds.

        Raises:
            CameraError: It is private.
        """

    def awaits_visitor(self, longest_s: float) -> bool:
        """Whether the camera is away since the latest moment for which the clip was started.

        Then the clip shows nothing of that moment yet. It is not awaited for long.

        Args:
            longest_s: A clip so long, in seconds, awaits nothing.
        """

    def finish_clip(self) -> RecordedClip | None:
        """End the clip. Its file has its name, and is complete, only after this.

        Returns:
            The clip; None if none was being recorded, or the camera gave no picture.

        Raises:
            CameraError: The file could not be written.
        """

    def on_trouble(self, report: Callable[[str], None]) -> None:
        """Report what is wrong, now and whenever it changes.

        Args:
            report: Called with the fault in words; an empty text when the camera works.
        """

    def close(self) -> None:
        """Finish the clip, and release the camera."""


def fault_in_camera(name: str) -> str | None:
    """Check a camera's name without opening it.

    Returns:
        Why there is no such camera; None if there may be one.
    """
    if PI.fullmatch(name) and find_spec("picamera2") is None:
        return (
            "picamera2 is not installed. Install it with apt (python3-picamera2), and see "
            "docs/install.md"
        )
    if "://" in name:
        return fault_in_address(name)
    if name == "test" or PI.fullmatch(name) or is_there(Path(name)):
        return None
    if name.startswith("/dev/"):
        return f"{name}: there is no such device. `ls /dev/video*` shows what there is"
    return (
        f"{name!r}: no camera and no video file. Write test, picamera, picamera:1920x1080, "
        "/dev/video0, rtsp://… or a file's path"
    )


def open_camera(
    name: str,
    *,
    preroll_s: float = 5.0,
    ring_mb: float = 16,
    private: Callable[[], str | None] = lambda: None,
    turn: int = 0,
) -> Camera:
    """Open a camera. It need not be there yet: it is looked for again and again.

    Args:
        name: `test` (a test pattern), `picamera` (a Raspberry Pi camera module; in another size
            `picamera:1920x1080`), `/dev/video0` (V4L2), `rtsp://…` or `http://…` (a network
            camera), or the path of a video file, which is played again and again.
        preroll_s: How many seconds it keeps in memory, encoded.
        ring_mb: How much memory that may take, in MB. If it is too little, it keeps less.
        private: Says why nothing may be recorded now; None when it may. Called twice a second.
        turn: By how many degrees its pictures have to be turned to the right: 0, 90, 180 or 270.

    Raises:
        CameraError: The camera's library is missing.
        AddressError: The address is wrong, or ambiguous: it could lead to another host.
    """
    if pi := PI.fullmatch(name):
        from devices.camera.picamera import SIZE, PiCamera  # noqa: PLC0415 - hardware

        size = (int(pi[1]), int(pi[2])) if pi[1] else SIZE
        return PiCamera(size=size, preroll_s=preroll_s, ring_mb=ring_mb, private=private, turn=turn)
    if "://" in name and (fault := fault_in_address(name)):
        raise AddressError(f"the camera {without_password(name)}: {fault}")
    # PyAV takes 20 MB, which only a camera's process pays for.
    from devices.camera.ffmpeg import AvCamera  # noqa: PLC0415

    address = plain_address(name)
    return AvCamera(address, preroll_s=preroll_s, ring_mb=ring_mb, private=private, turn=turn)
