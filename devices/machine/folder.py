"""Folders that the settings name."""

import os
import stat
from pathlib import Path


class Forbidden(str):
    """The text of a fault that is one for the present user only: another one has the rights."""

    __slots__ = ()


def placed(place: str, fault: str, end: str = "") -> str:
    """A fault's text with its place before it; one of rights stays one of rights."""
    return type(fault)(f"{place}{fault}{end}")


def is_there(path: Path) -> bool:
    """Whether a file or folder exists, as far as this user can see (`Path.exists` may raise)."""
    return _mode(path) is not None


def is_file(path: Path) -> bool:
    """Whether it is a file, as far as this user can see (`Path.is_file` may raise)."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def expanded(name: str | Path) -> Path:
    """The path with the home folder in place of a tilde.

    It stays as it is where there is no such user: then no file is there (`Path.expanduser` raises).
    """
    return Path(os.path.expanduser(name))  # noqa: PTH111


def nearest(folder: Path) -> Path:
    """The folder itself; if it does not exist, the first folder above it that does."""
    return next(path for path in (folder, *folder.parents) if is_there(path))


def fault_in_folder(folder: Path) -> str | None:
    """Check whether files can be kept in a folder, which need not exist yet.

    Returns:
        Why not; None if they can.
    """
    existing = nearest(folder)
    if not existing.is_dir():
        return f"{existing} is not a folder. Name another one"
    if not os.access(existing, os.W_OK | os.X_OK):
        hint = "Change its owner, or name another folder"
        return Forbidden(f"{existing} cannot be written by you. {hint}")
    return None


def fault_in_state_folder(folder: Path) -> str | None:
    """Check by trying it whether files can be kept in a folder; the file leaves no trace.

    Rights alone do not tell: in `/proc` even root can make none.

    Returns:
        Why not; None if they can.
    """
    from tempfile import TemporaryFile  # noqa: PLC0415 - for checks only

    if fault := fault_in_folder(folder):
        return fault
    existing = nearest(folder)
    try:
        with TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return f"{existing} takes no files ({error.strerror}). Name another folder"


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # it may be longer than a path can be, or have a zero byte
        return None
