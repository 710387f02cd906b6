"""What a handler keeps of the events that it handled: the visitor log."""

import sqlite3
from collections.abc import Iterable

from hub.store.database import State
from hub.wire.event import Event, encode

KeptRecord = tuple[Event, float]  # an event, and for how many days it is kept
DAY_S = 86_400.0
HOUR_S = 3600.0
BATCH = 500  # records removed in one transaction: the next event must not wait for a big one


class Records:
    """Events kept in the handler's own state file, each once, in the transaction that finishes it in the inbox.

    So the two never disagree: after a power cut either both know of an event, or it comes again.
    """

    def __init__(self, state: State) -> None:
        self._clock = state.clock
        self._due_s = 0.0  # on the clock that never jumps

    def add(self, db: sqlite3.Connection, kept: Iterable[KeptRecord]) -> None:
        """In the open transaction: keep these."""
        for event, days in kept:
            row = (event.id, event.time.timestamp(), event.type, encode(event))
            db.execute("INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?)", row)
            self._sweep(db, days)

    def _sweep(self, db: sqlite3.Connection, days: float) -> None:
        """Some of what is too old goes, now and then; with a clock that cannot be believed nothing is called old."""
        if self._clock.uptime_s() < self._due_s or not self._clock.is_synchronised():
            return
        old = f"SELECT id FROM record WHERE time < ? ORDER BY id LIMIT {BATCH}"  # noqa: S608 - a number of our own
        before = self._clock.unix_s() - days * DAY_S
        gone = db.execute(f"DELETE FROM record WHERE id IN ({old})", (before,)).rowcount  # noqa: S608
        if gone < BATCH:
            self._due_s = self._clock.uptime_s() + HOUR_S
