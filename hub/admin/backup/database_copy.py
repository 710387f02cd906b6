"""Copies of state files: one moment of a database that its process goes on writing to."""

import sqlite3
from contextlib import closing
from pathlib import Path

from hub.admin.backup.manifest import BackupError, SpoiledError
from hub.store.file.schema import SCHEMA_VERSION
from hub.system.folder_owner import in_child
from hub.system.owned_file import is_odd_database

BUSY_S = 30.0  # how long a process may hold its file
PATIENCE_S = 300.0  # for the copy, also of a large file on a slow card
PRIMARY = 0xFF  # of a result code: https://sqlite.org/rescode.html


def copy_database(path: Path, copy: Path) -> int:
    """Copy one moment of it (https://sqlite.org/backup.html).

    SQLite opens files by their paths, so that it works in a process that can be ended.

    Returns:
        Its schema version.

    Raises:
        SpoiledError: it cannot be read, or is damaged.
        BackupError: the copy cannot be written.
    """
    if is_odd_database(path):
        raise SpoiledError(f"{path}: not a regular file, or one beside it")
    try:
        done = in_child(lambda: _copy(path, copy), PATIENCE_S)
    except TimeoutError as error:
        raise SpoiledError(f"{path}: cannot be copied: {error}") from error
    except OSError as error:
        raise BackupError(str(error)) from error
    if isinstance(done, int):
        return done
    raise SpoiledError(str(done))


def _copy(path: Path, copy: Path) -> int | str:
    """The schema version, or what is wrong with the file."""
    try:
        source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)
        with closing(source), closing(sqlite3.connect(copy, isolation_level=None)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            verdict = _check(target)
            schema = _schema(target)
    except sqlite3.Error as error:
        fault = f"{path}: cannot be copied: {error}"
        if error.sqlite_errorcode & PRIMARY in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise BackupError(fault) from error
        return fault
    return f"{path}: damaged: {verdict}" if verdict else schema


def check_copy(path: Path) -> None:
    """Check an unpacked state file, and mark it as a copy.

    The mark makes its process begin a new numbering, even where the disk gives the file the inode
    that it once had.

    Raises:
        BackupError: it is damaged, or of a newer program.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            verdict = _check(db)
            schema = _schema(db)
            if not verdict and 0 < schema <= SCHEMA_VERSION:
                db.execute("INSERT OR REPLACE INTO meta VALUES ('inode', 'restored')")
    except sqlite3.Error as error:
        raise BackupError(f"{path.name}: cannot be used: {error}. Take another backup") from error
    if verdict:
        raise BackupError(f"{path.name}: damaged in the backup: {verdict}. Take another backup")
    if schema > SCHEMA_VERSION:
        newer = f"written by a newer doorbell (schema {schema})"
        raise BackupError(f"{path.name}: {newer}. Update this one, then restore")


def _check(db: sqlite3.Connection) -> str:
    """What is damaged; empty when nothing is."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    return "" if verdict == "ok" else str(verdict)


def _schema(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
