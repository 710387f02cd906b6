"""What a recording gives: a complete clip, or an error."""

from pathlib import Path
from typing import Any, NamedTuple


class CameraError(OSError):
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

    def in_words(self) -> str:
        """The same for people."""
        before = f"{self.preroll_s:.1f} s of it before the press"
        return f"{self.path.name}, {self.seconds:.1f} s, {before}"
