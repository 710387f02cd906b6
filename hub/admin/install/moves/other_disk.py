"""Moves what a handler has written to another disk, where rename(2) cannot."""

import shutil
import stat
from pathlib import Path

from hub.system.files import atomic_file

WITHOUT_SET_ID = 0o777


def to_other_disk(source: Path, target: Path) -> None:
    """Move a file or a folder; a FIFO, a socket or a device at its place stays there.

    Raises:
        OSError: something cannot be copied.
    """
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(
            source,
            target,
            symlinks=True,
            ignore=_special_files,
            copy_function=_copy,
            dirs_exist_ok=True,
        )
        shutil.rmtree(source)
    elif stat.S_ISREG(source.lstat().st_mode):
        _copy(source, target)
        source.unlink()


def _copy(source: str | Path, target: str | Path) -> None:
    """Copy a file. The copy is root's, so it must not run as its owner."""
    atomic_file.copy(Path(source), Path(target))
    mode = stat.S_IMODE(Path(target).stat().st_mode)
    Path(target).chmod(mode & WITHOUT_SET_ID)


def _special_files(folder: str, names: list[str]) -> list[str]:
    """FIFOs, sockets and devices, which cannot be copied."""
    return [name for name in names if not _is_plain((Path(folder) / name).lstat().st_mode)]


def _is_plain(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
