"""Opens files in folders that other users may write to: none of them is a trap.

A link, a FIFO or a device may lie where a file is expected, and it may be put there at any moment.
So a file is judged by its descriptor, after it is open, and never by its path.
"""

import os
import stat
from pathlib import Path
from typing import IO

ROOT_ID = 0
MB = 1 << 20
LINKS = 8  # from link to link
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite opens by itself: sqlite.org/tempfiles.html


class OddFileError(OSError):
    """It is not a file of the kind, owner or size that is expected; the text says what it is."""


class TooLargeError(OddFileError):
    """It is larger than it may be."""


def open_regular(path: Path, largest: int) -> IO[bytes]:
    """Open a regular file for reading.

    Root follows its own links, and those of a user to a file of the same user. Other users follow
    any link: the kernel lets them read what they may read.

    Args:
        path: Where.
        largest: The size in bytes that it may have.

    Raises:
        OddFileError: it is something else, too large, or another user's link.
        OSError: it cannot be read.
    """
    file = os.fdopen(_open(path), "rb")
    if os.fstat(file.fileno()).st_size > largest:
        file.close()
        raise TooLargeError(f"larger than {largest / MB:.0f} MB")
    return file


def read(path: Path, largest: int) -> bytes:
    """The content of a regular file.

    Raises:
        OddFileError: it is something else, or larger than `largest` bytes.
        OSError: it cannot be read.
    """
    with open_regular(path, largest) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise TooLargeError(f"larger than {largest / MB:.0f} MB")
    return content


def is_odd(path: Path) -> bool:
    """Whether something lies there that is not a regular file, nor a link to one."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return path.is_symlink()  # a program that creates the file would create it elsewhere
    except PermissionError:
        return False  # the program that opens it says so
    except OSError:
        return True  # a link that leads to itself


def is_odd_database(path: Path) -> bool:
    """Whether SQLite would open something else than files: it may hang on a FIFO beside it."""
    return any(is_odd(path.with_name(path.name + beside)) for beside in ("", *BESIDE))


def _open(path: Path) -> int:
    """Open a regular file.

    Links are opened first, too: so their owners are known, and they cannot be exchanged meanwhile.
    """
    here = path.absolute()
    leaders: set[int] = set()
    for _ in range(LINKS):
        found = os.open(here, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            facts = os.fstat(found)
            if stat.S_ISLNK(facts.st_mode):
                leaders.add(facts.st_uid)
                here = here.parent / os.readlink("", dir_fd=found)
                continue
            if not stat.S_ISREG(facts.st_mode):
                raise OddFileError("not a regular file")  # to open a device may do something
            if os.geteuid() == ROOT_ID and leaders - {ROOT_ID, facts.st_uid}:
                raise OddFileError("a link of another user than the file's")
            return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        finally:
            os.close(found)
    raise OddFileError("too many links")
