"""The state file of a process: opening, locking and transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from hub.store.file.flusher import Flusher
from hub.store.file.lock_file import LockFile, is_in_use
from hub.store.file.schema import NewerSchemaError, upgrade, version_of
from hub.system.files.atomic_file import fsync

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
        lock_file: Keeps other processes away.
        flusher: Syncs what was committed to `disk`.
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
            self.lock_file = opening.enter_context(closing(_locked(path)))
            opening.callback(self.lock_file.take_room)  # at the end: what the log had, too
            self.connection = self.disk = sqlite3.connect(
                path,
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=CACHED_STATEMENTS,
            )
            opening.callback(self.disk.close)
            self.disk.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            upgrade(self.disk)
            # A commit syncs nothing, and copies nothing: the flusher does both.
            self.disk.execute("PRAGMA synchronous = NORMAL")
            self.disk.execute("PRAGMA wal_autocheckpoint = 0")
            version_of(self.disk)  # the first read opens the log
            fsync(path.parent)
            self.flusher = Flusher(path)
            self._closing = opening.pop_all()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries that change nothing.

        Raises:
            StateError: the file cannot be read.
        """
        with self.lock:
            try:
                yield self.connection
            except sqlite3.DatabaseError as error:
                if not _is_of_disk(error):
                    raise
                raise StateError(
                    f"{self.path}: cannot be read: {error}. Look at the disk."
                ) from error  # a transaction around it may go on in memory

    @contextmanager
    def write(self, *, can_wait: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is written, or nothing.

        A commit survives the death of the process; a power cut only once the flusher has synced it.

        Args:
            can_wait: See `Flusher.committed`.

        Raises:
            StateError: the file cannot be written.
        """
        with self.lock:
            db = self.connection
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if _is_of_disk(error):
                    raise StateError(
                        f"{self.path}: cannot be written: {error}. Make room, or look at the disk."
                    ) from error
                raise
            if db is self.disk:
                self.flusher.committed(can_wait=can_wait)

    def close(self) -> None:
        """Sync and close the file, and give up its lock."""
        self.flusher.stop()
        with self.lock:
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


def refuse_second(path: Path) -> None:
    """For a process that has much to do before it opens its file.

    Raises:
        StateError: another process holds the file.
    """
    if is_in_use(path, if_unknown=False):  # opening it has better words for that
        raise _in_use(path)


def _is_of_disk(error: BaseException) -> bool:
    """Whether the disk refuses, or what is on it is damaged, for which there is no own class."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def _locked(path: Path) -> LockFile:
    """Refuse a second process: two processes with one inbox would act twice."""
    try:
        return LockFile(path)
    except BlockingIOError:
        raise _in_use(path) from None


def _in_use(path: Path) -> StateError:
    return StateError(f"{path}: in use: {path.stem} runs already. Stop the other one first")
