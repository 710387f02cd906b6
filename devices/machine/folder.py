"""Folders of the person's own choice."""

import os
from pathlib import Path


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; not as far as anybody may know who may not look (`exists` raises)."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def nearest(folder: Path) -> Path:
    """The folder itself or, while it is not there, the first above it that is."""
    return next(path for path in (folder, *folder.parents) if is_there(path))


def fault_in_folder(folder: Path) -> str | None:
    """Why nothing can be kept there; None when it can. It may yet have to be made."""
    there = nearest(folder)
    if not there.is_dir():
        return f"{there} is no folder. Name another one"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written by you. Change its owner, or name another folder"
    return None
