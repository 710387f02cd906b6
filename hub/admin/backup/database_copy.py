"""Copies of state files: one moment of a database that its process goes on writing to."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from hub.admin.backup.manifest import BackupError, SpoiledError
from hub.store.file.schema import SCHEMA_VERSION
from hub.system.files.folder_owner import in_child
from hub.system.files.owned_file import is_odd_database

BUSY_S = 30.0  # how long a process may hold its file
PATIENCE_S = 300.0  # for the copy, also of a large file on a slow card
PRIMARY = 0xFF  # of a result code: https://sqlite.org/rescode.html
STEPS = 1000  # of SQLite's virtual machine: some milliseconds
SPARE = 2  # times: how much larger than its files a database may say that it is
NEW_PAGES = 16  # that the mark of a copy may take; it takes one at most


def copy_database(path: Path, copy: Path, patience_s: float = PATIENCE_S) -> int:
    """Copy one moment of it (https://sqlite.org/backup.html).

    SQLite opens files by their paths, so that it works in a process that can be ended.

    Args:
        path: The state file.
        copy: Where to.
        patience_s: How long it may take, in seconds.

    Returns:
        Its schema version.

    Raises:
        SpoiledError: it cannot be read, is damaged, or could not be restored.
        BackupError: the copy cannot be written.
    """
    if is_odd_database(path):
        raise SpoiledError(f"{path}: not a regular file, or one beside it")
    try:
        done = in_child(lambda: _copy(path, copy), patience_s)
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
            source.execute("BEGIN")  # so that its size stays what it is
            if _bytes(source) > SPARE * _bytes_of_files(path):
                return f"{path}: damaged: it says that it is much larger than its files"
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            verdict = _check(target)
            schema = _schema(target)
            if schema > SCHEMA_VERSION:
                return f"{path}: {_newer(schema)}. Update this one"
            if not verdict:
                verdict = _fault_in_mark(target, schema)
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
            until_s = time.monotonic() + PATIENCE_S
            db.set_progress_handler(lambda: time.monotonic() > until_s, STEPS)
            verdict = _check(db)
            schema = _schema(db)
            if not verdict and schema <= SCHEMA_VERSION:
                _mark(db, schema)
    except sqlite3.Error as error:
        raise BackupError(f"{path.name}: cannot be used: {error}. Take another backup") from error
    if verdict:
        raise BackupError(f"{path.name}: damaged in the backup: {verdict}. Take another backup")
    if schema > SCHEMA_VERSION:
        raise BackupError(f"{path.name}: {_newer(schema)}. Update this one, then restore")


def _fault_in_mark(copy: sqlite3.Connection, schema: int) -> str:
    """Why a restore would refuse this copy: it marks it. Empty when it would not."""
    try:
        copy.execute("BEGIN")
        _mark(copy, schema)
        copy.execute("ROLLBACK")
    except sqlite3.Error as error:
        return str(error)
    return ""


def _mark(db: sqlite3.Connection, schema: int) -> None:
    """Mark it as a copy, where it has our tables. Its author's own code is not run meanwhile.

    Raises:
        sqlite3.Error: it has a trigger, which no state file has; or it takes no mark.
    """
    if db.execute("SELECT 1 FROM sqlite_schema WHERE type = 'trigger'").fetchone():
        raise sqlite3.DatabaseError("it has a trigger")
    if schema <= 0:
        return
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages + NEW_PAGES}")  # a column may compute any length
    db.execute("INSERT OR REPLACE INTO meta VALUES ('inode', 'restored')")


def _bytes(db: sqlite3.Connection) -> int:
    """How large a copy would be; the head of a write-ahead log may say anything."""
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    (page_bytes,) = db.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(page_bytes)


def _bytes_of_files(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _newer(schema: int) -> str:
    return f"written by a newer doorbell (schema {schema})"


def _check(db: sqlite3.Connection) -> str:
    """What is damaged; empty when nothing is."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    return "" if verdict == "ok" else str(verdict)


def _schema(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
