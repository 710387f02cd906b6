"""Books in memory, for as long as the disk takes nothing: full, read-only, or dying."""

import secrets
import sqlite3

MAX_PAGES = 4096  # of 4 KiB: 16 MiB is all the memory that it may take
TABLES = ("meta", "memory", "head", "cursor", "inbox", "producer", "consumer")
DISK_FAULTS = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
)


def is_disk_fault(error: sqlite3.OperationalError) -> bool:
    """Whether the disk, and not another program, is the reason (https://sqlite.org/rescode.html)."""
    return error.sqlite_errorcode & 0xFF in DISK_FAULTS


class MemoryFallback:
    """A copy in memory of a state file's books, and the way back.

    It holds all but the events of the journal that the broker has already. New events get numbers of a new epoch:
    should the process die before they are on the disk, nobody takes the next ones for them.
    """

    def __init__(self, disk: sqlite3.Connection) -> None:
        """Copy.

        Raises:
            sqlite3.Error: the file cannot even be read, or is too large.
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
        self.epoch = secrets.token_hex(8)
        self.db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (self.epoch,))

    def write_back(self) -> None:
        """Write everything back, in one transaction.

        Raises:
            sqlite3.OperationalError: the disk does not take it yet; nothing of it was written.
        """
        self._disk.execute("PRAGMA synchronous = FULL")
        self._disk.execute("BEGIN IMMEDIATE")
        try:
            if _version(self._disk) != self._version:
                self._take_over()
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

    def _take_over(self) -> None:
        """What a command (`doorbell dead-letters`, `replay`) has done to the inbox on the disk meanwhile, we do, too.

        Unless we have changed the same row: what has happened since is more than the command knew.
        """
        before, here, there = (
            {row[:3]: row for row in db.execute(f"SELECT * FROM {table}")}  # noqa: S608 - names of our own
            for db, table in ((self.db, "inbox_before"), (self.db, "inbox"), (self._disk, "inbox"))
        )
        for key in before.keys() | there.keys():
            was, is_now = before.get(key), there.get(key)
            if was == is_now or here.get(key) != was:
                continue
            self.db.execute(
                "DELETE FROM inbox WHERE stream = ? AND epoch = ? AND sequence = ?", key
            )
            if is_now:
                marks = ", ".join("?" * len(is_now))
                self.db.execute(f"INSERT INTO inbox VALUES ({marks})", is_now)  # noqa: S608


def _version(disk: sqlite3.Connection) -> int:
    """Another number as soon as another connection has written (https://sqlite.org/pragma.html#pragma_data_version)."""
    (version,) = disk.execute("PRAGMA data_version").fetchone()
    return int(version)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, query: str, table: str) -> None:
    rows = source.execute(query)
    places = ", ".join("?" * len(rows.description))
    target.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", rows)  # noqa: S608
