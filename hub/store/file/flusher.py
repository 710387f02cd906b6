"""The flusher: brings the commits of a state file onto the disk, beside the threads that make them.

A commit survives the death of its process at once, because it stands in the page cache. Only a
power cut, a kernel panic or a hardware watchdog needs the fsync, and an SD card takes up to 100 ms
for one. So nobody waits for it who need not.
"""

import logging
import os
import select
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from hub.system.kernel_timer import AT_ONCE_S, WakeTimer

log = logging.getLogger(__name__)
CHECKPOINT_COMMITS = 1000  # 5 MB or so; then the write-ahead log is due to be copied to the file,
CHECKPOINT_IDLE_S = 1.0  # once nothing was committed for so long,
CHECKPOINT_MOST = 2000  # or, however busy it is, after so many (20 MB): else it fills the disk
CACHE_KIB = 64
# How soon a sync begins that nobody waits for: what was committed starts reactions, here and in
# other processes, and a millisecond or two for them are nothing beside those that a card takes.
SOON_S = 0.001  # it was asked for
LATER_S = 0.002  # nobody did: it may be later, and shared with the next commits
NEVER_S = float("inf")
APART_S = 0.02  # no more than an SD card takes for a sync
NICENESS = 5  # others have yet to act
# Rewrites what is there, in the file's first page; an UPDATE with the same value would write
# nothing. The first commit after a complete checkpoint begins the log anew and syncs its header
# (https://sqlite.org/fileformat2.html#walreset): this one, and nobody waits for it.
BEGIN_ANEW = "PRAGMA application_id = 0"
Call = Callable[[], object]


class Flusher:
    """Syncs the write-ahead log of one SQLite file (https://sqlite.org/wal.html).

    A sync begins at once where somebody waits for it, SOON_S after it was asked for, else LATER_S
    after a commit, unless that can wait for the next one. What is committed while a sync runs is in
    the next one; where commits follow one another and nobody asks, syncs begin APART_S after each
    other. The log is a prefix: what is synced contains all that was committed before.

    Attributes:
        on_failure: Called in the flusher's thread when a sync has failed. What it was about is
            never believed to be on the disk.
    """

    def __init__(self, path: Path) -> None:
        """Start, with what is in the file now unsynced.

        Args:
            path: The file; a connection has it open, in WAL mode.

        Raises:
            OSError: its write-ahead log cannot be opened.
        """
        self._path = path
        self.on_failure: Callable[[OSError], None] = _end
        self._timer = WakeTimer()  # ends the thread's wait; to set it wakes nobody now
        self._poll = select.poll()
        self._poll.register(self._timer)
        # The file itself must not be opened here: closing it would drop SQLite's locks.
        self._log = os.open(f"{path}-wal", os.O_RDONLY | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._delay_s = NEVER_S  # the shortest that was set for the next sync
        self._commits = 1
        self._synced = 0
        self._checkpointed = 0
        self._is_log_long = False  # it was begun anew, and has room that it does not need
        self._is_stopping = False
        self._rest_until = 0.0
        self._waiting: deque[tuple[int, Call]] = deque()
        self._schedule(AT_ONCE_S)
        self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)
        self._thread.start()

    def committed(self, *, can_wait: bool = False) -> None:
        """There is one commit more; one that can wait is synced with the next one or on request."""
        with self._lock:
            self._commits += 1
            if not can_wait:
                self._schedule(LATER_S)

    def sync_soon(self) -> None:
        """Sync what could wait."""
        with self._lock:
            if self._synced < self._commits:
                self._schedule(SOON_S)

    def after_sync(self, call: Call) -> None:
        """Call it once all that is committed now is synced: at once, or in the flusher's thread."""
        with self._lock:
            if self._synced < self._commits:
                self._waiting.append((self._commits, call))
                self._schedule(AT_ONCE_S)
                return
        call()

    def sync_now(self) -> None:
        """Sync in the caller's thread.

        Raises:
            OSError: it failed.
        """
        os.fdatasync(self._log)

    def stop(self) -> None:
        """Sync what is left, and end; a second time it does nothing."""
        if self._is_stopping:
            return
        with self._lock:
            self._is_stopping = True
            self._schedule(AT_ONCE_S)
        self._thread.join()
        with self._lock:
            self._delay_s = 0.0  # nothing is shorter: the timer is not touched any more
            self._timer.close()
        os.close(self._log)

    def _schedule(self, delay_s: float) -> None:
        """Begin the next sync after that, or sooner, as was said already; the lock is held."""
        if delay_s < self._delay_s:
            self._timer.set(delay_s)  # first: a signal may end the next line
            self._delay_s = delay_s

    def _run(self) -> None:
        with suppress(OSError):  # in a sandbox
            own = threading.get_native_id()
            os.setpriority(
                os.PRIO_PROCESS, own, max(NICENESS, os.getpriority(os.PRIO_PROCESS, own))
            )
        while True:
            is_called = self._wait(self._idle_s())
            if is_called:
                self._rest()
            with self._lock:
                self._timer.set(0)
                self._delay_s = NEVER_S
                number = self._commits
                if self._synced == number and self._is_stopping:
                    return
            if self._synced < number:
                self._sync(number)
            elif not is_called and self._is_due():
                self._checkpoint()
            if number - self._checkpointed >= CHECKPOINT_MOST:
                self._checkpoint(is_busy=True)

    def _wait(self, seconds: float | None) -> bool:
        """Whether a sync is to begin within so many seconds."""
        return bool(self._poll.poll(seconds and seconds * 1000))

    def _rest(self) -> None:
        """Have more commits share the next sync, if nobody asked for it and the last is just over.

        Commits do not end the rest: to be woken by each would cost more than it.
        """
        with self._lock:
            left_s = self._rest_until - time.monotonic() if self._delay_s == LATER_S else 0
            if left_s > 0:
                self._timer.set(0)  # who asks from now on sets it anew
        if left_s > 0:
            self._wait(left_s)

    def _sync(self, number: int) -> None:
        self._rest_until = time.monotonic() + APART_S
        try:
            os.fdatasync(self._log)
        except OSError as error:
            self.on_failure(error)
        self._synced = number
        while call := self._next_call():
            try:
                call()
            except Exception:
                log.exception("what waited for the disk failed")

    def _next_call(self) -> Call | None:
        with self._lock:
            if self._waiting and self._waiting[0][0] <= self._synced:
                return self._waiting.popleft()[1]
        return None

    def _is_due(self) -> bool:
        return self._is_log_long or self._commits - self._checkpointed >= CHECKPOINT_COMMITS

    def _idle_s(self) -> float | None:
        if self._is_stopping:
            return 0.0
        return CHECKPOINT_IDLE_S if self._is_due() else None

    def _checkpoint(self, *, is_busy: bool = False) -> None:
        """Copy the log into the file, as far as no reader needs it, and begin the log anew.

        Args:
            is_busy: Commits go on meanwhile: they wait while the last ones are copied. The file
                stays as long as it is, because to cut it takes longer than that.
        """
        self._checkpointed = self._commits
        self._is_log_long = is_busy
        begin_anew = "RESTART" if is_busy else "TRUNCATE"
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as db:
                db.execute("PRAGMA wal_autocheckpoint = 0")
                db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
                _, frames, copied = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if frames == copied or is_busy:
                    db.execute(f"PRAGMA wal_checkpoint({begin_anew})")
                    db.execute(BEGIN_ANEW)
        except sqlite3.Error as error:
            log.warning("%s: the write-ahead log cannot be copied yet: %s", self._path, error)


def _end(error: OSError) -> None:
    """Crash: what was committed may not be on the disk, and nobody can do anything about it."""
    log.critical("the disk cannot be synced: %s", error)
    os._exit(os.EX_IOERR)
