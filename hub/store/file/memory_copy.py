"""A copy of a state file in memory, for as long as the disk cannot be written."""

import sqlite3
from typing import Any

from hub.store.file.epochs import begin_in
from hub.store.inbox_rows import KEY

MAX_PAGES = 4096  # of 4 KiB: 16 MiB is all the memory that it may take
LAST_EVENTS = 200
NOT_COPIED = ("journal", "record")  # events that others have, too


class MemoryCopy:
    """A copy in memory, and the way back.

    It holds everything but the events of the journal that the broker has already; of these only
    the last ones, which may not have been synced. New events belong to a new epoch: if the process
    dies before they are on the disk, no later event is mistaken for one of them.

    Attributes:
        db: The connection to the copy.
        epoch: The epoch that begins with the copy.
    """

    def __init__(self, disk: sqlite3.Connection) -> None:
        """Copy the file.

        Raises:
            sqlite3.Error: the file cannot be read, or is too large for the memory.
        """
        self._disk = disk
        self._version = _version(disk)
        self.db = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            self._fill()
        except BaseException:
            self.db.close()
            raise

    def _fill(self) -> None:
        disk = self._disk
        self.db.execute(f"PRAGMA max_page_count = {MAX_PAGES}")
        schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        for (statement,) in disk.execute(schema):
            self.db.execute(statement)
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        self._tables = [name for (name,) in disk.execute(names) if name not in NOT_COPIED]
        for table in self._tables:
            _copy(disk, self.db, table)
        self.db.execute("CREATE TABLE inbox_before AS SELECT * FROM inbox")
        # The last events in any case, so that the positions go on after them.
        _copy(disk, self.db, "journal", "WHERE published = 0")
        _copy(disk, self.db, "journal", f"ORDER BY position DESC LIMIT {LAST_EVENTS}")
        self.epoch = begin_in(self.db)

    def begin_log_anew(self) -> None:
        """After a failed sync: copy the log into the file, and see that this did no damage.

        What is synced later in a log counts only if all before it came onto the disk.

        Raises:
            sqlite3.Error: the file cannot be written yet, or is damaged.
        """
        self._disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if self._disk.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("it is damaged")

    def write_back(self) -> None:
        """Write everything back to the file, in one transaction; its sync is the caller's.

        It may be done again if that sync fails.

        Raises:
            sqlite3.Error: the file cannot be written yet; nothing was written.
        """
        disk = self._disk
        disk.execute("BEGIN IMMEDIATE")
        try:
            if _version(disk) != self._version:
                self._repeat_commands()
            for table in self._tables:
                disk.execute(f"DELETE FROM {table}")
                _copy(self.db, disk, table)
            _copy(self.db, disk, "journal")
            _copy(self.db, disk, "record")
            disk.execute("COMMIT")
        except BaseException:
            if disk.in_transaction:
                disk.execute("ROLLBACK")
            raise

    def _repeat_commands(self) -> None:
        """Repeat here what a command (`dead-letters`, `replay`) has done to the inbox on the disk.

        A row that has changed here, too, stays as it is: the process knew more than the command.
        """
        before = _rows(self.db, "inbox_before")
        here = _rows(self.db, "inbox")
        there = _rows(self._disk, "inbox")
        for key in before.keys() | there.keys():
            was = before.get(key)
            is_now = there.get(key)
            if was == is_now or here.get(key) != was:
                continue
            self.db.execute(f"DELETE FROM inbox WHERE {KEY}", key)
            if is_now:
                marks = ", ".join("?" * len(is_now))
                self.db.execute(f"INSERT INTO inbox VALUES ({marks})", is_now)


def _rows(db: sqlite3.Connection, table: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The rows of an inbox by their key: stream, epoch and sequence."""
    return {row[:3]: row for row in db.execute(f"SELECT * FROM {table}")}


def _version(disk: sqlite3.Connection) -> int:
    """A number that changes when another connection writes.

    See https://sqlite.org/pragma.html#pragma_data_version.
    """
    (version,) = disk.execute("PRAGMA data_version").fetchone()
    return int(version)


def _copy(
    source: sqlite3.Connection, target: sqlite3.Connection, table: str, which: str = ""
) -> None:
    """Copy the rows of a table; `which` is SQL that chooses some of them."""
    rows = source.execute(f"SELECT * FROM {table} {which}")
    marks = ", ".join("?" * len(rows.description))
    target.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)
