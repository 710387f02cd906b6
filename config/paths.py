"""Paths in the settings: which ones can be one, and where they lead."""

import os
from pathlib import Path

ZERO_BYTE = "\0"
WITH_ZERO_BYTE = "a zero byte is in it. Write it without"
LONGEST_NAME = 255  # bytes: NAME_MAX of Linux
LONGEST_PATH = 4095  # bytes: PATH_MAX of Linux, without its zero byte


def fault_in_path(path: Path) -> str | None:
    """Why this can be no path on any machine of this user; None if it can.

    Returns:
        What is wrong, and what to write; without a full stop.
    """
    text = str(path)
    if ZERO_BYTE in text:
        return WITH_ZERO_BYTE
    try:
        expanded = os.path.expanduser(text)  # noqa: PTH111 - that of Path raises
        names = [os.fsencode(name) for name in Path(expanded).parts]
    except UnicodeError:
        return "it has letters that no path can have. Write another path"
    if expanded.startswith("~"):
        user = expanded.partition("/")[0]
        return f"{user[:40]} is not a user with a home folder. Write the path from / on"
    if len(os.fsencode(expanded)) > LONGEST_PATH or max(map(len, names), default=0) > LONGEST_NAME:
        return "it is longer than a path can be. Write a shorter one"
    return None


def full_path(path: Path, base: Path) -> Path:
    """Where a path of the settings leads.

    Args:
        path: One that `fault_in_path` takes.
        base: The folder at which a relative one starts.
    """
    return base / path.expanduser()
