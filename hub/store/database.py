"""One SQLite file per process: its journal, its inbox and its memory, so that one transaction can cover all three."""

import fcntl
import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TypeVar

from hub.store.memory_fallback import MemoryFallback, is_disk_fault
from hub.store.schema import SCHEMA_STEPS, SCHEMA_VERSION
from hub.system.clock import SYSTEM, Clock

log = logging.getLogger(__name__)
Result = TypeVar("Result")
BUSY_S = 30.0  # another program (`doorbell dead-letters`) writes to the file for milliseconds
WRITE_BACK_S = 5.0
NO_FACTS: Mapping[str, str] = {}


class StateError(RuntimeError):
    """The state file cannot be used; the text says what to do."""


class State:
    """A process's own file. Safe to use from several threads; one process at a time.

    While the disk takes nothing the books are kept in memory, and written back when it does.

    Attributes:
        epoch: 16 hex digits, the numbering that its sequences belong to; new with every new file, every boot (the card
            may have been written anew from an older copy of itself), and every file that was put in place of another.
        is_surely_last: Whether the numbering began in this run, so that nobody can have had more of it.
        copied_unix_s: When this file was found to be a copy that was put in place; 0 for none. What happened before
            may have been acted on already, by the file that it replaces.
        clock: What this process takes for the time.
        disk_fault: What is wrong with the disk; empty when all is well.
        on_trouble: Called when that changes, with the words.
    """

    def __init__(self, path: Path, clock: Clock = SYSTEM) -> None:
        self.clock = clock
        self.disk_fault = ""
        self.is_surely_last = False
        self.on_trouble: Callable[[str], None] = lambda _: None
        self._afloat: MemoryFallback | None = None
        self._land_at_s = 0.0
        self._lock = threading.RLock()
        self._path = path
        self._closing = ExitStack()
        try:
            self._open(path)
        except (OSError, sqlite3.Error) as error:
            self._closing.close()
            raise StateError(
                f"{path}: cannot be used: {error}. Check the folder's permissions and space"
            ) from error
        except StateError:
            self._closing.close()
            raise

    def _open(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._closing.enter_context(_lock_file(path))
        self._disk = self._db = sqlite3.connect(
            path,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=64,
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA cache_size = -256")
        self._closing.callback(self._disk.close)
        self._prepare(path)
        with self.read() as db:
            meta = dict(db.execute("SELECT key, value FROM meta"))
        self.epoch: str = meta["epoch"]
        now = {"inode": str(path.stat().st_ino), "numbered in": self.clock.boot}
        if "inode" in meta and meta["inode"] != now["inode"]:
            now["copied"] = repr(self.clock.unix_s())
        self.copied_unix_s = float((meta | now).get("copied", 0))
        if any(meta.get(key, value) != value for key, value in now.items()):
            self.begin_epoch(now)
        elif not now.items() <= meta.items():
            with self.write(durable=True) as db:
                _set_meta(db, now)

    def begin_epoch(self, facts: Mapping[str, str] = NO_FACTS) -> None:
        """Number anew: the file may be an older copy, and its next numbers may have been used already."""
        epoch = secrets.token_hex(8)
        with self.write(durable=True) as db:
            _set_meta(db, {**facts, "epoch": epoch})
        self.epoch, self.is_surely_last = epoch, True

    def _prepare(self, path: Path) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StateError(
                f"{path}: written by a newer doorbell (schema {version}). Update this one"
            )
        for number, step in enumerate(SCHEMA_STEPS[version:], version + 1):
            with self.write(durable=True) as db:
                for statement in step.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {number}")
        with self.write(durable=True) as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (secrets.token_hex(8),))

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The database, for looking."""
        with self._lock:
            yield self._db

    def do(self, work: Callable[[sqlite3.Connection], Result], *, durable: bool) -> Result:
        """Do this in one transaction, on the disk or, where the disk takes nothing, in memory.

        Raises:
            StateError: not even that: another program holds the file, or there is too much for the memory.
        """
        tried = self._db
        try:
            with self.write(durable=durable) as db:
                return work(db)
        except StateError as error:
            if not self._set_afloat(error, tried):
                raise
        with self.write(durable=durable) as db:
            return work(db)

    def write_back(self) -> None:
        """Go back to the disk, if it takes what is in memory by now. Called now and then; tries every few seconds."""
        with self._lock:
            if self._afloat is None or self.clock.uptime_s() < self._land_at_s:
                return
            self._land_at_s = self.clock.uptime_s() + WRITE_BACK_S
            try:
                self._afloat.write_back()
            except sqlite3.Error:
                return
            self._afloat, self._db, self.disk_fault = None, self._disk, ""
        log.warning("%s: the disk takes it again; everything is written down", self._path)
        self.on_trouble("")

    def _set_afloat(self, error: StateError, tried: sqlite3.Connection) -> bool:
        """Whether there are books in memory now that have not been tried."""
        cause = error.__cause__
        if not isinstance(cause, sqlite3.OperationalError) or not is_disk_fault(cause):
            return False
        with self._lock:
            if self._afloat:
                return tried is self._disk  # another thread was quicker
            try:
                self._afloat = MemoryFallback(self._disk)
            except sqlite3.Error:
                log.exception("%s: can be neither written nor read", self._path)
                return False
            self._db, self.epoch, self.is_surely_last = self._afloat.db, self._afloat.epoch, True
            self._land_at_s = self.clock.uptime_s() + WRITE_BACK_S
            self.disk_fault = (
                f"{error} Until then the books are kept in memory: a crash would lose them"
            )
        log.error("%s", self.disk_fault)
        self.on_trouble(self.disk_fault)
        return True

    @contextmanager
    def write(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it, or nothing.

        Any commit survives the death of the process. Only a durable one is also on the disk (fsync) when this
        returns, and so survives a power cut (https://sqlite.org/pragma.html#pragma_synchronous, WAL).
        """
        with self._lock:
            try:
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    words = (
                        f"{self._path}: cannot be written: {error}. Make room, or look at the disk."
                    )
                    raise StateError(words) from error
                raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._land_at_s = 0.0
            self.write_back()
            self._closing.close()


def _set_meta(db: sqlite3.Connection, facts: Mapping[str, str]) -> None:
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())


def _lock_file(path: Path) -> IO[str]:
    """Two processes with one inbox would act twice: the second one is refused."""
    lock = path.with_suffix(".lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StateError(
            f"{path}: in use: {path.stem} runs already. Stop the other one first"
        ) from None
    return lock
