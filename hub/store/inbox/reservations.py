"""Reservations: events that an observer takes in hand without a row in its inbox."""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress

from hub.store.cursors import Cursors
from hub.store.inbox_rows import KEY
from hub.store.state import State, StateError
from hub.wire.event import Event

MARK = "reserves"  # in `meta`, from the first reservation of a process to its orderly end
CUT_OFF = "cut off"  # in `meta`: the boot, and seconds since then


class Reservations:
    """Says which events can be reserved, and until when a process acted that died with some.

    Attributes:
        cut_off_s: Until when such a process may have acted on events that it has not recorded, in
            seconds since this boot; 0 where it was an earlier boot, or there was none.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._clock = state.clock
        self._cursors = Cursors(state)
        self._is_marked = False
        self._must_claim = False
        self.cut_off_s = 0.0

    def recover(self, db: sqlite3.Connection) -> None:
        """At start, in the open transaction: see how the process before this one ended."""
        self._must_claim = db.execute("DELETE FROM meta WHERE key = ?", (MARK,)).rowcount > 0
        if self._must_claim:
            moment = f"{self._clock.boot} {self._clock.uptime_s()}"
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (CUT_OFF, moment))
        row = db.execute("SELECT value FROM meta WHERE key = ?", (CUT_OFF,)).fetchone()
        boot, _, uptime_s = row[0].partition(" ") if row else ("", "", "0")
        self.cut_off_s = float(uptime_s) if boot == self._clock.boot else 0.0

    def begin(self) -> bool:
        """Before a reservation: have it noted; False where this process must claim instead.

        It must if the one before it died: an event that kills each process is given up by its
        claims.
        """
        if not self._must_claim and not self._is_marked:
            note = "INSERT OR REPLACE INTO meta VALUES (?, '')"
            self._state.do(lambda db: db.execute(note, (MARK,)))
            self._is_marked = True
        return self._is_marked

    def end(self) -> None:
        """At the orderly end of the process: nothing is reserved."""
        if self._is_marked:
            with suppress(StateError):  # then the next process claims
                self._state.do(lambda db: db.execute("DELETE FROM meta WHERE key = ?", (MARK,)))

    def take(self, db: sqlite3.Connection, events: Iterable[Event]) -> list[int | None]:
        """For each event where its cursor would be if it was claimed; None if it was taken before.

        Args:
            db: A connection for reading.
            events: In the order in which they are to be handled.
        """
        cursors: dict[tuple[str, str], int] = {}
        taken: set[tuple[str, str, int]] = set()
        found: list[int | None] = []
        for event in events:
            numbering = (event.stream, event.epoch)
            key = (*numbering, event.sequence)
            cursor = cursors.get(numbering)
            if cursor is None:
                cursor = self._cursors.at(db, *numbering) or 0
            if event.sequence <= cursor or key in taken or _has_row(db, key):
                found.append(None)
                continue
            taken.add(key)
            cursors[numbering] = cursor + (event.sequence == cursor + 1)
            found.append(cursors[numbering])
        return found


def _has_row(db: sqlite3.Connection, key: tuple[str, str, int]) -> bool:
    return db.execute(f"SELECT 1 FROM inbox WHERE {KEY}", key).fetchone() is not None
