"""A copy of a state file in memory, for as long as the disk cannot be written."""

import sqlite3

from hub.store.epochs import begin_in
from hub.store.inbox_rows import KEY

MAX_PAGES = 4096  # of 4 KiB: 16 MiB is all the memory that it may take
TABLES = ("meta", "memory", "head", "cursor", "inbox", "producer", "consumer")


class MemoryCopy:
    """A copy in memory, and the way back.

    It holds everything but the events of the journal that the broker has already. New events
    belong to a new epoch: if the process dies before they are on the disk, no later event is
    mistaken for one of them.

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
        self.db = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=64
        )
        self.db.execute(f"PRAGMA max_page_count = {MAX_PAGES}")
        for (statement,) in disk.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ):
            self.db.execute(statement)
        for table in TABLES:
            _copy(disk, self.db, f"SELECT * FROM {table}", table)  # noqa: S608 - names of our own
        self.db.execute("CREATE TABLE inbox_before AS SELECT * FROM inbox")
        self._version = _version(disk)
        # The last one in any case, so that positions go on after it.
        _copy(disk, self.db, "SELECT * FROM journal WHERE published = 0", "journal")
        _copy(disk, self.db, "SELECT * FROM journal ORDER BY position DESC LIMIT 1", "journal")
        (self._last,) = disk.execute("SELECT COALESCE(MAX(position), 0) FROM journal").fetchone()
        self.epoch = begin_in(self.db)

    def write_back(self) -> None:
        """Write everything back to the disk, in one transaction, and close the copy.

        Raises:
            sqlite3.OperationalError: the disk cannot be written yet; nothing was.
        """
        self._disk.execute("PRAGMA synchronous = FULL")
        self._disk.execute("BEGIN IMMEDIATE")
        try:
            if _version(self._disk) != self._version:
                self._repeat_commands()
            for table in TABLES:
                self._disk.execute(f"DELETE FROM {table}")  # noqa: S608
                _copy(self.db, self._disk, f"SELECT * FROM {table}", table)  # noqa: S608
            _copy(
                self.db,
                self._disk,
                f"SELECT * FROM journal WHERE position > {self._last}",  # noqa: S608
                "journal",
            )
            _copy(self.db, self._disk, "SELECT * FROM record", "record")
            published = self.db.execute(
                "SELECT position FROM journal WHERE published <> 0"
            ).fetchall()
            self._disk.executemany(
                "UPDATE journal SET published = 1 WHERE position = ? AND published = 0", published
            )
            self._disk.execute("COMMIT")
        except BaseException:
            if self._disk.in_transaction:
                self._disk.execute("ROLLBACK")
            raise
        self.db.close()

    def _repeat_commands(self) -> None:
        """Repeat here what a command (`dead-letters`, `replay`) has done to the inbox on the disk.

        A row that has changed here, too, stays as it is: the process knew more than the command.
        """
        before, here, there = (
            {row[:3]: row for row in db.execute(f"SELECT * FROM {table}")}  # noqa: S608 - names of our own
            for db, table in ((self.db, "inbox_before"), (self.db, "inbox"), (self._disk, "inbox"))
        )
        for key in before.keys() | there.keys():
            was, is_now = before.get(key), there.get(key)
            if was == is_now or here.get(key) != was:
                continue
            self.db.execute(f"DELETE FROM inbox WHERE {KEY}", key)  # noqa: S608
            if is_now:
                marks = ", ".join("?" * len(is_now))
                self.db.execute(f"INSERT INTO inbox VALUES ({marks})", is_now)  # noqa: S608


def _version(disk: sqlite3.Connection) -> int:
    """A number that changes when another connection writes.

    See https://sqlite.org/pragma.html#pragma_data_version.
    """
    (version,) = disk.execute("PRAGMA data_version").fetchone()
    return int(version)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, query: str, table: str) -> None:
    rows = source.execute(query)
    places = ", ".join("?" * len(rows.description))
    target.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", rows)  # noqa: S608
