"""The state file of a process: opening, locking and transactions."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from hub.store.file.schema import NewerSchemaError, upgrade

BUSY_S = 30.0  # a command (`doorbell dead-letters`) holds the file for milliseconds
CACHE_KIB = 256
CACHED_STATEMENTS = 64


class StateError(RuntimeError):
    """The state file cannot be used; the text says what to do."""


class StateFile:
    """A SQLite file that one process holds. Several threads may use it.

    Attributes:
        path: Where the file is.
        disk: The connection to the file.
        connection: What transactions run on: `disk`, or a copy in memory while the disk cannot be
            written.
        lock: Held during each transaction, and while `connection` changes.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, lock it, and bring it to the current schema.

        Raises:
            StateError: the file cannot be used, another process holds it, or a newer doorbell
                wrote it.
        """
        self.path = path
        self.lock = threading.RLock()
        with opened(path) as opening:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            opening.enter_context(_lock_file(path))
            self.connection = self.disk = sqlite3.connect(
                path,
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=CACHED_STATEMENTS,
            )
            opening.callback(self.disk.close)
            self.disk.execute("PRAGMA journal_mode = WAL")
            self.disk.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            upgrade(self.disk)
            self._closing = opening.pop_all()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries that change nothing."""
        with self.lock:
            yield self.connection

    @contextmanager
    def write(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is written, or nothing.

        Any commit survives the death of the process. Only a durable one is also on the disk
        (fsync) when this returns, and so survives a power cut
        (https://sqlite.org/pragma.html#pragma_synchronous, WAL).

        Raises:
            StateError: the file cannot be written.
        """
        level = "FULL" if durable else "NORMAL"
        with self.lock:
            db = self.connection
            try:
                db.execute(f"PRAGMA synchronous = {level}")
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise StateError(
                        f"{self.path}: cannot be written: {error}. Make room, or look at the disk."
                    ) from error
                raise

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._closing.close()


@contextmanager
def opened(path: Path) -> Iterator[ExitStack]:
    """Collect what must be closed again where opening a state file fails.

    Raises:
        StateError: opening failed; the text says why.
    """
    with ExitStack() as opening:
        try:
            yield opening
        except NewerSchemaError as error:
            raise StateError(f"{path}: {error}. Update this one") from None
        except (OSError, sqlite3.Error) as error:
            raise StateError(
                f"{path}: cannot be used: {error}. Check the folder's permissions and space"
            ) from error


def _lock_file(path: Path) -> IO[str]:
    """Refuse a second process: two processes with one inbox would act twice."""
    lock = path.with_suffix(".lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StateError(
            f"{path}: in use: {path.stem} runs already. Stop the other one first"
        ) from None
    return lock
