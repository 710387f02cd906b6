"""Settings of a handler that records visitors: which camera looks at which door, and how long."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from devices.camera.address import fault_in_address
from devices.camera.camera import Camera, fault_in_camera
from devices.camera.settings import CameraSettings
from devices.lamp.lamp import MqttLink
from devices.machine import fault_in_folder, placed
from devices.video.settings import MediaSettings

ALL_DOORS = "camera"  # the key of the camera for the doors that have none of their own


class RecordingSettings(CameraSettings, MediaSettings):
    """For a handler's settings: `class Config(HandlerConfig, RecordingSettings)`."""

    cameras: dict[str, str] = Field({}, description="cameras of their own, by door")
    clip_s: float = Field(10, ge=1, le=300, description="seconds after the last press")
    max_clip_s: float = Field(120, ge=1, le=3600, description="the longest clip, in seconds")

    @model_validator(mode="after")
    def _clip_fits(self) -> Self:
        if self.max_clip_s < self.preroll_s + self.clip_s:
            raise ValueError(
                "max_clip_s is less than preroll_s and clip_s together. Raise it, or lower them"
            )
        return self

    def faults_in_recording(
        self, faults_in_doors: Callable[[str, Iterable[str]], list[str]]
    ) -> list[str]:
        """A line for a topic that cannot be one switch, each wrong address, and each unknown door.

        Args:
            faults_in_doors: That of the handler's settings.
        """
        addresses = {place: name for place, name in self._places().items() if "://" in name}
        return [
            *self.faults_in_privacy(),
            *faults_in_doors("cameras", self.cameras),
            *_lines({place: fault_in_address(name) for place, name in addresses.items()}),
        ]

    def absent_devices(self, house_dir: Path) -> list[str]:
        """A line for each camera that is not there, and a folder that cannot be written."""
        faults = {place: fault_in_camera(name) for place, name in self._places().items()}
        return _lines({**faults, "folder": fault_in_folder(self.media_in(house_dir).path)})

    def cameras_at(self, doors: Iterable[str]) -> dict[str, str]:
        """The key of the camera that looks at each door; doors with one camera have one key."""
        keys = {self.camera: ALL_DOORS}
        return {door: keys.setdefault(self.cameras.get(door, self.camera), door) for door in doors}

    def names(self, doors: Iterable[str]) -> list[str]:
        """The names of the cameras that look at these doors; without doors, of that for all."""
        keys = dict.fromkeys(self.cameras_at(doors).values()) or [ALL_DOORS]
        return [self.cameras.get(key, self.camera) for key in keys]

    def open_cameras(self, link: MqttLink, marker: Path, keys: Iterable[str]) -> dict[str, Camera]:
        """Open each camera once; all are private at the same times.

        Args:
            link: The connection to the broker, like `hub.link`.
            marker: A file that keeps the switch's state over a restart.
            keys: Those of `cameras_at`.

        Raises:
            CameraError: A camera's library is missing, or its address is wrong.
        """
        private = self.privacy(link, marker)
        return {
            key: self.open_one(self.cameras.get(key, self.camera), private)
            for key in dict.fromkeys(keys)
        }

    def _places(self) -> dict[str, str]:
        """The cameras by the settings that name them."""
        return {"camera": self.camera} | {f"cameras.{at}": one for at, one in self.cameras.items()}


def _lines(faults: Mapping[str, str | None]) -> list[str]:
    return [placed(f"{place}: ", fault) for place, fault in faults.items() if fault]
