"""A folder for copies of state files; a backup that was killed leaves its own to the next one."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".doorbell-backup-"
MAKING_S = 60.0  # so long a new one may have no lock yet; it takes a millisecond


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A private folder in this one, which is removed when the block ends.

    Meanwhile its backup has it locked (flock(2)), and so has a process that it has forked.
    """
    _remove_left_ones(folder)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as name:
        lock = os.open(name, os.O_RDONLY)
        try:
            with suppress(OSError):  # on a file system without locks, where none is removed either
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(lock)


def _remove_left_ones(folder: Path) -> None:
    """Remove what killed backups of this user have left: it holds what handlers remember."""
    with suppress(OSError), os.scandir(folder) as entries:
        for one in entries:
            if one.name.startswith(PREFIX):
                with suppress(OSError):  # it is in use, or its backup has ended meanwhile
                    _remove_left(Path(one.path))


def _remove_left(path: Path) -> None:
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        facts = os.fstat(lock)
        if facts.st_uid != os.geteuid() or time.time() - facts.st_mtime < MAKING_S:
            return
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for copy in path.iterdir():
            copy.unlink()
        path.rmdir()
    finally:
        os.close(lock)
