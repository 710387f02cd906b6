"""Folders of the person's own choice."""

import os
from pathlib import Path


def fault_in_folder(folder: Path) -> str | None:
    """Why nothing can be kept there; None when it can. It may yet have to be made."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not there.is_dir():
        return f"{there} is no folder. Name another one"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written by you. Change its owner, or name another folder"
    return None
