"""Lists what lies in a folder of a process, which may hold anything and any number of it."""

import heapq
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from hub.admin.backup.rules import MOST_MEMBERS
from hub.process.restore_guard import FROM_RESTORES

DEEPEST = 20  # folders in folders: nothing of doorbell has more than three


def walk(
    folder: Path, left_out: list[str], depth: int = 0, but: Collection[str] = ()
) -> Iterator[Path]:
    """All that lies in a folder and below it, except sockets; a linked folder is not walked.

    State files come first, then other files, and then what lies in folders: where there is too
    much, what matters least is left out.
    """
    try:
        names = _names_in(folder, left_out, but)
    except FileNotFoundError:
        return  # removed meanwhile
    except OSError as error:
        if os.getuid():
            raise  # sudo may help; see `archive`
        left_out.append(f"{folder}: {error.strerror}")
        return
    if depth > DEEPEST:
        left_out.append(f"{folder}: more than {DEEPEST} folders deep")
        return
    folders = []
    for path in (folder / name for name in names):
        mode = _mode(path)
        if stat.S_ISDIR(mode):
            folders.append(path)
        elif not stat.S_ISSOCK(mode) and not _leads_to_folder(path, mode):
            yield path
    for path in folders:
        if not path.name.startswith(FROM_RESTORES):
            yield path
            yield from walk(path, left_out, depth + 1)


def _names_in(folder: Path, left_out: list[str], but: Collection[str]) -> list[str]:
    """In order, and as many as a backup can hold; a folder may have any number."""
    with os.scandir(folder) as entries:
        names = heapq.nsmallest(
            MOST_MEMBERS + 1, (one.name for one in entries if one.name not in but), key=_rank
        )
    if len(names) > MOST_MEMBERS:
        left_out.append(f"{folder / names.pop()} and all that follow: too many names in a folder")
    return names


def _rank(name: str) -> tuple[bool, bool, str]:
    """State files before all else, and the hub's after those of handlers."""
    return not name.endswith(".db"), name.startswith("hub-"), name


def _leads_to_folder(path: Path, mode: int) -> bool:
    return stat.S_ISLNK(mode) and os.path.isdir(path)  # noqa: PTH112 - is_dir() may raise


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError:  # removed meanwhile
        return 0
