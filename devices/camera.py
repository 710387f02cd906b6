"""The camera: what a doorbell needs of one, and which one a name means."""

from pathlib import Path
from typing import Protocol


class Camera(Protocol):
    """Something that sees the door. It is open as long as the process lives: opening takes seconds."""

    def snapshot(self, path: Path) -> None:
        """Write what is seen now, not what was seen before, as JPEG.

        Raises:
            CameraError: there is no picture now; trying again later may help.
        """

    def check(self) -> int:
        """Take a picture now and encode it, and keep nothing; gives its size in bytes.

        Raises:
            CameraError: there is no picture now.
        """

    def start_clip(self, path: Path) -> Path:
        """Begin to record an MP4 (H.264) and return at once.

        Returns:
            The clip that is being recorded: `path`, or that of a clip which has begun already.

        Raises:
            CameraError: there is no picture now; trying again later may help.
        """

    def finish_clip(self) -> tuple[Path, float] | None:
        """End the clip: it stands complete under its name only now.

        Returns:
            Its path and its length in seconds; None when none was being recorded.
        """

    def close(self) -> None:
        """Let go of it."""


def fault_in_name(name: str) -> str | None:
    """Why no camera can be had under this name; None when one may. Nothing is opened."""
    if name in ("test", "picamera") or "://" in name or Path(name).exists():
        return None
    if name.startswith("/dev/"):
        return f"{name}: there is no such device. `ls /dev/video*` shows what there is"
    return f"{name!r}: no camera and no video file. Write test, picamera, /dev/video0, rtsp://… or a file's path"


def open_camera(name: str) -> Camera:
    """The camera of this name.

    Args:
        name: `test` (a test pattern), `picamera` (a Raspberry Pi camera module), `/dev/video0` (V4L2), `rtsp://…` or
            `http://…` (a network camera), or the path of a video file, which is shown again and again.

    Raises:
        CameraError: it is no camera's name, or its library is missing.
    """
    if name == "picamera":
        from devices.camera_pi import PiCamera  # noqa: PLC0415 - hardware only where it is used

        return PiCamera()
    from devices.camera_av import AvCamera  # noqa: PLC0415 - 20 MB that only a camera's process needs

    return AvCamera(name)
