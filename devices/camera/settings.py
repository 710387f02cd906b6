"""Settings of a handler that uses a camera."""

from datetime import time
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from devices.camera.camera import Camera, open_camera
from devices.camera.privacy import Privacy
from devices.lamp.lamp import MqttLink
from devices.lamp.payload import fault_in_topic


class CameraSettings(BaseModel):
    """For a handler's settings: `class Config(HandlerConfig, CameraSettings)`."""

    camera: str = Field("test", description="test, picamera, /dev/video0, rtsp://…, a video file")
    preroll_s: float = Field(5, ge=0, le=60, description="seconds of a clip before its moment")
    ring_mb: float = Field(16, ge=1, le=512, description="memory for these seconds")
    rotate: Literal[0, 90, 180, 270] = Field(
        0, description="degrees to the right by which the picture is turned"
    )
    publish_picture: Literal["retained", "live", "off"] = Field(
        "retained", description="the picture on the broker: kept there, not kept, or none"
    )
    private_from: time | None = Field(None, description="nothing is recorded from then on")
    private_to: time | None = Field(None, description="until then, like 16:30")
    private_topic: str | None = Field(None, description="an MQTT topic: on (private) or off")

    @model_validator(mode="after")
    def _private_has_two_ends(self) -> Self:
        if (self.private_from is None) != (self.private_to is None):
            raise ValueError("private_from and private_to go together. Set both, or neither")
        return self

    def faults_in_privacy(self) -> list[str]:
        """A line if the topic is not that of one switch, for `check`."""
        fault = fault_in_topic(self.private_topic) if self.private_topic is not None else None
        return [f"private_topic: {fault}"] if fault else []

    def open_camera(self, link: MqttLink, marker: Path) -> Camera:
        """Open the camera, which is private in its hours and while its switch is on.

        Args:
            link: The connection to the broker, like `hub.link`.
            marker: A file that keeps the switch's state over a restart.

        Raises:
            CameraError: The camera's library is missing.
        """
        return self.open_one(self.camera, self.privacy(link, marker))

    def privacy(self, link: MqttLink, marker: Path) -> Privacy:
        """When nothing may be seen; see `open_camera`."""
        switch = marker if self.private_topic else None
        private = Privacy(self.private_from, self.private_to, switch)
        if self.private_topic:
            link.follow(self.private_topic, private.switch)
        return private

    def open_one(self, name: str, private: Privacy) -> Camera:
        """Open a camera of this name, with these settings."""
        return open_camera(
            name,
            preroll_s=self.preroll_s,
            ring_mb=self.ring_mb,
            private=private,
            turn=self.rotate,
        )
