"""Files that are complete under their name, or not there at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PART = ".part"


def part_path(path: Path) -> Path:
    """Where a file is written until it is complete: hidden, in the same folder."""
    return path.with_name(f".{path.name}{PART}")


@contextmanager
def atomic_write(path: Path, *, fsync: bool = False) -> Iterator[Path]:
    """Give a path to write to. The file gets its name at the end, and is removed if the body fails.

    Args:
        path: The file's name. Its folder is made if it is missing.
        fsync: Wait until the data is on the disk before the file gets its name. Then a power cut
            cannot leave half a file, either.

    Raises:
        OSError: The file cannot be written.
    """
    part = part_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
        if fsync:
            with part.open("rb") as file:
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_file(path: Path, data: bytes | str) -> None:
    """Write a small file, text as UTF-8.

    Raises:
        OSError: The file cannot be written.
    """
    with atomic_write(path) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)
