"""What a recording gives: a complete clip, or an error."""

from pathlib import Path
from typing import NamedTuple


class CameraError(OSError):
    """The camera gives no picture. The text says which camera, and what to do."""


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
