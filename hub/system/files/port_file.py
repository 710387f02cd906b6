"""The port of a running process, which it leaves in a file for other commands."""

from pathlib import Path


def read_port(path: Path) -> int | None:
    """The port; None where no process has left one: the file may vanish at any moment."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
