"""Reservations: events that an observer takes in hand without a row in its inbox."""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress

from hub.store.cursors import Cursors
from hub.store.inbox_rows import KEY
from hub.store.state import State, StateError
from hub.system.clock import is_same_boot
from hub.wire.event import Event
from hub.wire.streams import Key, Numbering

MARK = "reserves"  # in `meta`, from the first reservation of a process to its orderly end
CUT_OFF = "cut off at"  # in `meta`: seconds since this boot
NEVER = -1.0


class Reservations:
    """Says which events can be reserved, and which of them a process may have had that died.

    Moments are compared on the clock that never jumps: so only what this machine saw in this boot
    can be reserved. It can be once. What may have been reserved by a process that died is claimed
    the next time, so that an event that kills each process is counted.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._clock = state.clock
        self._cursors = Cursors(state)
        self._is_marked = False
        self._cut_off_s = NEVER  # when the next process began after the last one that died so

    def recover(self, db: sqlite3.Connection, *, is_new_boot: bool) -> None:
        """At start, in the open transaction: see how the process before this one ended.

        Args:
            db: The connection.
            is_new_boot: It was in an earlier boot. What happened then is not reserved any more.
        """
        if is_new_boot:
            db.execute("DELETE FROM meta WHERE key IN (?, ?)", (MARK, CUT_OFF))
        if db.execute("DELETE FROM meta WHERE key = ?", (MARK,)).rowcount:
            now = repr(self._clock.uptime_s())
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (CUT_OFF, now))
        row = db.execute("SELECT value FROM meta WHERE key = ?", (CUT_OFF,)).fetchone()
        self._cut_off_s = float(row[0]) if row else NEVER

    def begin(self, events: Iterable[Event]) -> bool:
        """Before a reservation: have it noted; False where these must be claimed instead."""
        now = self._clock.uptime_s()
        for event in events:
            if not self._is_of_this_boot(event) or not self._cut_off_s < event.uptime_s <= now:
                return False
        if not self._is_marked:
            note = "INSERT OR REPLACE INTO meta VALUES (?, '')"
            self._state.do(lambda db: db.execute(note, (MARK,)))
            self._is_marked = True
        return True

    def end(self) -> None:
        """At the orderly end of the process: nothing is reserved."""
        if self._is_marked:
            with suppress(StateError):  # then the next process claims what it may have been
                self._state.do(lambda db: db.execute("DELETE FROM meta WHERE key = ?", (MARK,)))

    def is_in_doubt(self, event: Event) -> bool:
        """Whether a process that died may have acted on this event without a trace."""
        return self._is_of_this_boot(event) and event.uptime_s <= self._cut_off_s

    def take(self, db: sqlite3.Connection, events: Iterable[Event]) -> list[int | None]:
        """For each event where its cursor would be if it was claimed; None if it was taken before.

        Args:
            db: A connection for reading.
            events: In the order in which they are to be handled.
        """
        cursors: dict[Numbering, int] = {}
        taken: set[Key] = set()
        found: list[int | None] = []
        for event in events:
            numbering = event.numbering
            key = event.key
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

    def _is_of_this_boot(self, event: Event) -> bool:
        return self._clock.knows_boot and is_same_boot(event.boot, self._clock.boot)


def _has_row(db: sqlite3.Connection, key: Key) -> bool:
    return db.execute(f"SELECT 1 FROM inbox WHERE {KEY}", key).fetchone() is not None
