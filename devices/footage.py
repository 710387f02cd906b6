"""The files of a camera: complete under their name, or not there at all."""

from pathlib import Path


class CameraError(OSError):
    """The camera gives no picture; the text says which and what to do."""


def aside(path: Path) -> Path:
    """Where a file is written until it is complete."""
    return path.with_name(f".{path.name}.part")


def sweep(folder: Path) -> None:
    """Remove what a crash left half written."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)
