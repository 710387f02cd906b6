"""Keeps a process going while the disk cannot be written: its state is in memory meanwhile."""

import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from hub.store.file.epochs import Epochs
from hub.store.file.memory_copy import MemoryCopy
from hub.store.file.state_file import StateError, StateFile
from hub.system.clock import Clock

log = logging.getLogger(__name__)
OnChange = Callable[[str], None]
WRITE_BACK_S = 5.0  # between two attempts to return to the disk
IN_MEMORY = "Until then the state is kept in memory: a crash would lose it"
ON_DISK = "the disk can be written again; nothing is missing"
DISK_FAULTS = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
)


class MemoryFallback:
    """Moves the transactions of a state file to a copy in memory, and later back to the disk.

    Attributes:
        disk_fault: What is wrong with the disk; empty when all is well.
        on_change: Called with `disk_fault` when that changes.
    """

    def __init__(self, file: StateFile, epochs: Epochs, clock: Clock) -> None:
        self._file = file
        self._epochs = epochs
        self._clock = clock
        self._copy: MemoryCopy | None = None
        self._next_attempt_s = 0.0
        self._is_log_broken = False  # whether a sync of it has failed
        self.disk_fault = ""
        self.on_change: OnChange = lambda _: None

    def begin(self, error: StateError, tried: sqlite3.Connection) -> bool:
        """Move to memory, if the disk is the reason why a transaction failed.

        Args:
            error: How it failed.
            tried: The connection that it failed on.

        Returns:
            Whether the transaction can be tried again on another connection.
        """
        if not _is_disk_fault(error):
            return False
        with self._file.lock:
            if self._copy:
                return tried is self._file.disk  # another thread has moved to memory meanwhile
            if not self._move(str(error)):
                return False
        self._report()
        return True

    def sync_failed(self, error: OSError) -> None:
        """Move to memory, because what was committed last may never come onto the disk.

        The kernel calls its pages clean after a failed fsync, so another one proves nothing: all is
        written anew from memory. Where that is impossible the process ends.
        """
        with self._file.lock:
            self._is_log_broken = True
            if self._copy:
                return
            words = f"{self._file.path}: cannot be synced: {error.strerror}. Look at the disk."
            if not self._move(words):
                os._exit(os.EX_IOERR)
        self._report()

    def _move(self, fault: str) -> bool:
        """Move to memory; False when the file cannot be read, or is too large."""
        try:
            self._copy = MemoryCopy(self._file.disk)
        except sqlite3.Error:
            log.exception("%s: can be neither written nor read", self._file.path)
            return False
        self._file.connection = self._copy.db
        self._epochs.follow(self._copy.epoch)
        self._next_attempt_s = self._clock.uptime_s() + WRITE_BACK_S
        self.disk_fault = f"{fault} {IN_MEMORY}"
        return True

    def _report(self) -> None:
        log.error("%s", self.disk_fault)
        self.on_change(self.disk_fault)

    def write_back(self, *, at_once: bool = False) -> None:
        """Return to the disk, if it can be written by now. Called often; tries every few seconds.

        Args:
            at_once: Try now, however short ago the last attempt was.
        """
        if self._copy is None:
            return
        with self._file.lock:
            is_early = self._clock.uptime_s() < self._next_attempt_s and not at_once
            if self._copy is None or is_early:
                return
            self._next_attempt_s = self._clock.uptime_s() + WRITE_BACK_S
            try:
                if self._is_log_broken:
                    self._copy.begin_log_anew()
                self._copy.write_back()
                self._is_log_broken = True
                self._file.flusher.sync_now()
            except (sqlite3.Error, OSError):
                return
            self._is_log_broken = False
            self._copy.db.close()
            self._copy = None
            self._file.connection = self._file.disk
            self._file.lock_file.take_room()
            self.disk_fault = ""
        log.warning("%s: %s", self._file.path, ON_DISK)
        self.on_change("")

    def on_disk(self, query: str, values: Sequence[object]) -> Any:
        """The first row that this finds on the disk while the state is in memory; else None.

        The copy has only the last events. A full disk can still be read; one that cannot be read
        is taken for empty.
        """
        if self._copy is None:
            return None
        try:
            return self._file.disk.execute(query, values).fetchone()
        except sqlite3.Error:
            return None

    def close(self) -> None:
        """Give up what could not be written back."""
        if self._copy:
            self._copy.db.close()


def _is_disk_fault(error: StateError) -> bool:
    """Whether the disk, and not another program, is the cause (https://sqlite.org/rescode.html)."""
    cause = error.__cause__
    return (
        isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorcode & 0xFF in DISK_FAULTS
    )
