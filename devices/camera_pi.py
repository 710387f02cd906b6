"""A Raspberry Pi camera module, through picamera2 (which Raspberry Pi OS delivers by apt)."""

import io
import threading
import time
from pathlib import Path
from typing import Any

from devices.footage import CameraError, aside

SIZE = (1280, 720)
BITRATE = 3_000_000  # bits a second


class PiCamera:
    """Keeps the camera running; a clip starts an encoder beside it.

    Raises:
        CameraError: picamera2 is missing, or there is no camera.
    """

    def __init__(self) -> None:
        try:
            from picamera2 import Picamera2  # noqa: PLC0415 - hardware only where it is used
        except ImportError as error:
            raise CameraError(
                f"{error}. Install it with apt (python3-picamera2); make the environment with --system-site-packages"
            ) from error
        try:
            self._camera: Any = Picamera2()
        except (IndexError, RuntimeError) as error:
            raise CameraError(f"no Raspberry Pi camera: {error}. `rpicam-hello --list-cameras` shows them") from error
        self._camera.configure(self._camera.create_video_configuration(main={"size": SIZE}))
        self._camera.start()
        self._lock = threading.Lock()
        self._clip: tuple[Path, float, Any] | None = None

    def snapshot(self, path: Path) -> None:
        """See Camera."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._camera.capture_file(str(aside(path)), format="jpeg")
        aside(path).rename(path)

    def check(self) -> int:
        """See Camera."""
        picture = io.BytesIO()
        self._camera.capture_file(picture, format="jpeg")
        return len(picture.getvalue())

    def start_clip(self, path: Path) -> Path:
        """See Camera."""
        from picamera2.encoders import H264Encoder  # noqa: PLC0415
        from picamera2.outputs import PyavOutput  # noqa: PLC0415

        with self._lock:
            if self._clip is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                encoder = H264Encoder(bitrate=BITRATE)
                self._camera.start_encoder(encoder, PyavOutput(str(aside(path)), format="mp4"))
                self._clip = (path, time.monotonic(), encoder)
            return self._clip[0]

    def finish_clip(self) -> tuple[Path, float] | None:
        """See Camera."""
        with self._lock:
            clip, self._clip = self._clip, None
        if clip is None:
            return None
        path, began, encoder = clip
        self._camera.stop_encoder(encoder)
        if not aside(path).is_file():
            raise CameraError(f"picamera2 wrote no clip {path}")
        aside(path).rename(path)
        return path, time.monotonic() - began

    def close(self) -> None:
        """See Camera."""
        self.finish_clip()
        self._camera.close()
