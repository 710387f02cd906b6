"""Files that appear complete or not at all, and that a power cut does not empty.

The one place for "write it under another name, fsync, rename": rename(2) replaces a file in one
step, and only what was synced before is complete after a power cut.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

EXCLUSIVE = os.O_WRONLY | os.O_CREAT | os.O_EXCL  # never through somebody else's file or link


def write(path: Path, content: bytes, mode: int = 0o644, owner: str | None = None) -> bool:
    """Write a file, unless it is the same already; its folder is made if need be.

    Args:
        path: Where.
        content: All of it.
        mode: Its permissions, whatever the umask.
        owner: The user that it is given to; None leaves it with the writer.

    Returns:
        Whether it was written. A file with the same content and mode is not touched.

    Raises:
        OSError: it cannot be written; the file from before is still there.
        LookupError: there is no such owner.
    """
    if owner is None and _is_same(path, content, mode):
        return False
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
        path.parent.chmod(0o755 if mode & stat.S_IROTH else 0o700)
    with replacement(path, mode) as file:
        file.write(content)
        if owner:
            shutil.chown(_beside(path), owner)
    return True


@contextmanager
def replacement(path: Path, mode: int) -> Iterator[IO[bytes]]:
    """A file to write into, which takes its place when the block ends, and is removed if it fails.

    Args:
        path: Where it belongs; its folder must be there.
        mode: Its permissions from the first byte on, whatever the umask.

    Raises:
        OSError: it cannot be written; the file from before is still there.
    """
    new = _beside(path)
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, EXCLUSIVE, 0o600), "wb") as file:
            os.fchmod(file.fileno(), mode)  # first: in a sandbox only the owner may do it
            yield file
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    fsync(path.parent)


def create(path: Path, content: bytes, mode: int) -> bool:
    """Write a file unless there is one: the first of two writers wins.

    Args:
        path: Where; its folder must be there.
        content: All of it.
        mode: Its permissions, whatever the umask.

    Returns:
        Whether it was written.

    Raises:
        OSError: it cannot be written.
    """
    mine = path.with_name(f".{path.name}.{os.getpid()}.new")
    with replacement(mine, mode) as file:
        file.write(content)
    try:
        os.link(mine, path)
    except FileExistsError:
        return False
    finally:
        mine.unlink()
    fsync(path.parent)
    return True


def copy(source: Path, target: Path) -> None:
    """Copy a file with its permissions and times.

    Raises:
        OSError: it cannot be read or written; there is no half a copy.
    """
    mode = stat.S_IMODE(source.stat().st_mode)
    with source.open("rb") as content, replacement(target, mode) as file:
        shutil.copyfileobj(content, file)
    shutil.copystat(source, target)


def is_unfinished(path: Path) -> bool:
    """Whether this is the other name of a file that is being written, or that a crash left."""
    return path.name.startswith(".") and path.name.endswith(".new")


def fsync(path: Path) -> None:
    """Have a file's content, or a folder's names, survive a power cut (fsync(2))."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO does not make it wait
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    """The name that a file has until it is finished."""
    return path.with_name(f".{path.name}.new")


def _is_same(path: Path, content: bytes, mode: int) -> bool:
    if not path.is_file() or path.read_bytes() != content:
        return False
    return stat.S_IMODE(path.stat().st_mode) == mode
