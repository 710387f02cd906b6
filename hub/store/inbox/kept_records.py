"""The records that a handler keeps of the events that it handled (`hub.keep`)."""

import sqlite3
from collections.abc import Iterable

from hub.store.inbox.inbox import Delivery
from hub.store.state import State
from hub.wire.event import Event, encode

KeptRecord = tuple[Event, float]  # an event, and for how many days it is kept
DAY_S = 86_400.0
HOUR_S = 3600.0
ADD = "INSERT OR IGNORE INTO record (id, time, type, payload, days) VALUES (?, ?, ?, ?, ?)"
BATCH = 500  # records removed in one transaction: the next event must not wait for a big one


class KeptRecords:
    """Keeps events in the handler's state file, in the transaction that finishes them in the inbox.

    So the two always agree: after a power cut either both know of an event, or it comes again.
    """

    def __init__(self, state: State) -> None:
        self._clock = state.clock
        self._next_sweep_s = 0.0  # on the clock that never jumps

    def add(
        self, db: sqlite3.Connection, kept: Iterable[KeptRecord], delivery: Delivery | None = None
    ) -> None:
        """In the open transaction: keep these events, each once.

        Where one is that of the delivery, as it came, it need not be encoded again.
        """
        for event, days in kept:
            payload = delivery.payload if delivery and event is delivery.event else None
            row = (event.id, event.time.timestamp(), event.type, payload or encode(event), days)
            db.execute(ADD, row)
            self._sweep(db, days)

    def _sweep(self, db: sqlite3.Connection, days: float) -> None:
        """Remove some of the records whose days are over, now and then.

        One of an earlier schema has none, and gets these. While the wall clock cannot be believed
        no record is called old.
        """
        if self._clock.uptime_s() < self._next_sweep_s or not self._clock.is_synchronised():
            return
        old = "SELECT id FROM record WHERE time + COALESCE(days, ?) * ? < ? ORDER BY id LIMIT ?"
        values = (days, DAY_S, self._clock.unix_s(), BATCH)
        removed = db.execute(f"DELETE FROM record WHERE id IN ({old})", values).rowcount
        if removed < BATCH:
            self._next_sweep_s = self._clock.uptime_s() + HOUR_S
