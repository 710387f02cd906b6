"""The state of a process: journal, inbox and memory in one file, and in one transaction."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from hub.store.file.epochs import Epochs
from hub.store.file.lock_file import give_up_room
from hub.store.file.memory_fallback import MemoryFallback
from hub.store.file.state_file import StateError, StateFile, opened, refuse_second
from hub.system.clock import SYSTEM, Clock

__all__ = ["State", "StateError", "refuse_second"]
Result = TypeVar("Result")
log = logging.getLogger(__name__)


class State:
    """What a process keeps: on the disk or, while the disk cannot be written, in memory.

    Safe to use from several threads; one process at a time.

    Attributes:
        clock: What this process takes for the time.
        epochs: Which numbering its events belong to.
        fallback: What keeps it going while the disk cannot be written.
        read: See `StateFile.read`.
        write: See `StateFile.write`: it fails where the disk cannot be written, unlike `do`.
    """

    def __init__(self, path: Path, clock: Clock = SYSTEM) -> None:
        """Open the state file, or make a new one.

        Raises:
            StateError: the file cannot be used; the text says what to do.
        """
        self.clock = clock
        try:
            self._open(path)
        except StateError as error:
            if not (error.__cause__ and give_up_room(path)):
                raise
            log.warning("%s: opened with the room that was held for a full disk", path)
            self._open(path)
        self._file.lock_file.take_room()  # also what is left of it, for the next start
        self.fallback = MemoryFallback(self._file, self.epochs, clock)
        self._file.flusher.on_failure = self.fallback.sync_failed
        self.read = self._file.read
        self.write = self._file.write

    def _open(self, path: Path) -> None:
        with opened(path) as opening:
            self._file = StateFile(path)
            opening.callback(self._file.close)
            self.epochs = Epochs(self._file, self.clock)
            opening.pop_all()

    @property
    def epoch(self) -> str:
        """The epoch of the events that are written now."""
        return self.epochs.current

    @property
    def disk_fault(self) -> str:
        """What is wrong with the disk; empty when all is well."""
        return self.fallback.disk_fault

    def do(self, work: Callable[[sqlite3.Connection], Result], *, can_wait: bool = False) -> Result:
        """Do this in one transaction, in the file or, where that cannot be written, in memory.

        It survives the death of this process at once, and a power cut after the next sync.

        Args:
            work: Is given the connection.
            can_wait: The next sync may be that of the next commit, or of `sync_soon`.

        Raises:
            StateError: neither is possible: another program holds the file, or the memory is full.
        """
        tried = self._file.connection
        try:
            with self.write(can_wait=can_wait) as db:
                return work(db)
        except StateError as error:
            if not self.fallback.begin(error, tried):
                raise
        with self.write() as db:
            return work(db)

    def first(self, query: str, values: Sequence[object]) -> Any:
        """The first row that a query finds, or that the disk alone has while it cannot be written.

        Args:
            query: In SQL.
            values: Of its parameters.
        """
        with self.read() as db:
            return db.execute(query, values).fetchone() or self.fallback.on_disk(query, values)

    def after_sync(self, call: Callable[[], object]) -> None:
        """Call it once all that was done until now survives a power cut, too.

        It is called at once where nothing is left to sync, or else soon, in another thread. While
        the state is in memory it is called at once, because nothing can be made safe then.
        """
        if self.disk_fault:
            call()
        else:
            self._file.flusher.after_sync(call)

    def sync_soon(self) -> None:
        """Begin to sync what could wait until now. May be called from any thread."""
        self._file.flusher.sync_soon()

    def sync(self) -> None:
        """Wait until all that was done until now survives a power cut, too."""
        synced = threading.Event()
        self.after_sync(synced.set)
        synced.wait()

    def write_back(self) -> None:
        """Return to the disk, if the state is in memory. Called often; tries now and then."""
        self.fallback.write_back()

    def begin_epoch(self) -> None:
        """Begin a new epoch: some consumer has had more of this one than the file knows."""
        self.epochs.begin()

    def close(self) -> None:
        """Close the file; what is in memory only is written back before."""
        self.fallback.write_back(at_once=True)
        self._file.close()
        self.fallback.close()  # last: a failed sync at the end makes a copy, too
