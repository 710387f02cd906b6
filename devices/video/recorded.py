"""What a recording gives: a complete clip, or an error."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from devices.device_error import DeviceError


class CameraError(DeviceError, OSError):
    """The camera gives no picture. The text says which camera, and what to do."""


class NoCopyError(CameraError):
    """What the camera sends cannot be shown by browsers as it is. There are only pictures of it."""


class RecordedClip(NamedTuple):
    """A complete clip.

    Attributes:
        path: Its file.
        seconds: Its length, in seconds.
        preroll_s: How much of that was before the moment for which it was started, in seconds.
    """

    path: Path
    seconds: float
    preroll_s: float

    def facts(self) -> dict[str, Any]:
        """Its file and length, as the data of an event."""
        return {
            "path": str(self.path),
            "seconds": round(self.seconds, 2),
            "preroll_s": round(self.preroll_s, 2),
        }

    def by_door(self, doors: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """For each door that rang, the data of `clip.recorded`.

        Args:
            doors: The presses of each.
        """
        return {
            door: self.facts() | {"door": door, "presses": presses}
            for door, presses in doors.items()
        }

    def in_words(self) -> str:
        """The same for people."""
        before = f"{self.preroll_s:.1f} s of it before the press"
        return f"{self.path.name}, {self.seconds:.1f} s, {before}"


class NoClip:
    """None was recorded."""

    def by_door(self, _: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Nothing to publish."""
        return {}

    def in_words(self) -> str:
        """Why."""
        return "no clip: it was cut off by a restart, deleted, or the camera gave no picture"
