"""Settings of a handler that uses a camera."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from devices.camera.camera import Camera, open_camera
from devices.camera.privacy import Privacy
from devices.camera.privacy_settings import PrivacySettings
from devices.lamp.lamp import MqttLink


class CameraSettings(PrivacySettings):
    """For a handler's settings: `class Config(HandlerConfig, CameraSettings)`."""

    camera: str = Field(
        "test", description="test, picamera, /dev/video0, rtsp://…, http://…, a video file"
    )
    preroll_s: float = Field(5, ge=0, le=60, description="seconds of a clip before its moment")
    ring_mb: float = Field(16, ge=1, le=512, description="memory for these seconds")
    rotate: Literal[0, 90, 180, 270] = Field(
        0, description="degrees to the right by which the picture is turned"
    )
    publish_picture: Literal["retained", "live", "off"] = Field(
        "retained", description="the picture on the broker: kept there, not kept, or none"
    )

    def open_camera(self, link: MqttLink, marker: Path) -> Camera:
        """Open the camera, which is private in its hours and while its switch is on.

        Args:
            link: The connection to the broker, like `hub.link`.
            marker: A file that keeps the switch's state over a restart.

        Raises:
            CameraError: The camera's library is missing, or its address is wrong.
        """
        return self.open_one(self.camera, self.privacy(link, marker))

    def open_one(self, name: str, private: Privacy) -> Camera:
        """Open a camera of this name, with these settings."""
        return open_camera(
            name,
            preroll_s=self.preroll_s,
            ring_mb=self.ring_mb,
            private=private,
            turn=self.rotate,
        )
