"""Makes a state file whole before it is moved: what stands in its log is copied into it."""

import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

from hub.system.files.folder_owner import acting_for, in_child
from hub.system.files.owned_file import BESIDE

PATIENCE_S = 300.0  # for a long log on a slow card
MAGIC = b"SQLite format 3\0"  # https://sqlite.org/fileformat.html


def make_whole(path: Path) -> None:
    """Copy the log that a killed process left into its file.

    A move that is cut off between the two would part them; a command that looks at the file then
    gives it a new log. A damaged file stays as it is, and so does one that root must not open.
    """
    log, *others = (path.with_name(f"{path.name}{end}") for end in BESIDE)
    there = [path, log, *filter(os.path.lexists, others)]
    if not all(map(_is_plain, there)) or not log.stat().st_size:
        return
    with suppress(OSError), acting_for(path.parent):
        in_child(lambda: _copy_log(path), PATIENCE_S)


def _copy_log(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return  # damaged: SQLite would remove the log
    uri = f"{path.resolve().as_uri()}?mode=rw"
    # The last connection removes the log when it is closed.
    with suppress(sqlite3.Error), closing(sqlite3.connect(uri, uri=True)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _is_plain(path: Path) -> bool:
    """Whether it is a regular file, and no link: root must not write where one leads."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
