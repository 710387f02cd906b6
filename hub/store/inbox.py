"""The inbox: what this process heard and what became of it (idempotent consumer)."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from hub.store import inbox_rows, timers
from hub.store.database import State
from hub.store.inbox_rows import KEY, due_in
from hub.wire import streams
from hub.wire.event import Event, decode
from hub.wire.query import Head

FORGET_AFTER_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event in hand: begun, and not finished.

    Attributes:
        any_age: Somebody wants it done however old it is.
    """

    stream: str
    epoch: str
    sequence: int
    event: Event
    any_age: bool = False

    @property
    def key(self) -> tuple[str, str, int]:
        """What the inbox knows it by."""
        return self.stream, self.epoch, self.sequence

    @property
    def is_timer(self) -> bool:
        """Whether the handler asked for it itself, so that it cannot be stale."""
        return timers.is_timer(self.stream)


class Inbox:
    """Takes each event once.

    Per stream and epoch a cursor says up to which sequence everything has been taken; rows hold what is not finished
    (`trying`, `waiting`, `dead`) or was finished ahead of the cursor (`done`).
    """

    def __init__(self, state: State) -> None:
        self._state, self._clock = state, state.clock

    def recover(self) -> None:
        """At start: what was being tried when the process died is due again, marked as redelivered.

        After a boot the clock on which times to come are counted has begun anew: what waited, waits for what the wall
        clock says is left, and not longer than it was to wait in all, should that clock be wrong.
        """
        now, unix = self._clock.uptime_s(), self._clock.unix_s()
        after_boot = (
            "UPDATE inbox SET due = ? + MAX(0, MIN(wait_s, due_unix - ?)) WHERE due IS NOT NULL"
        )
        after_crash = "UPDATE inbox SET state = 'crashed', due = ?, due_unix = ?, wait_s = 0 WHERE state = 'trying'"

        def take_up(db: sqlite3.Connection) -> None:
            if db.execute("SELECT value FROM meta WHERE key = 'boot'").fetchone() != (
                self._clock.boot,
            ):
                db.execute(after_boot, (now, unix))
                db.execute("INSERT OR REPLACE INTO meta VALUES ('boot', ?)", (self._clock.boot,))
            db.execute(after_crash, (now, unix))

        self._state.do(take_up, durable=False)

    def claim(self, event: Event, *, durable: bool) -> Delivery | None:
        """Take an event in hand for its first attempt; None when it was taken before."""
        with self._state.read() as db:
            if self._is_taken(db, event):
                return None
        if not self._state.do(lambda db: self._take(db, event), durable=durable):
            return None
        return Delivery(event.stream, event.epoch, event.sequence, self._warned(event))

    def _take(self, db: sqlite3.Connection, event: Event) -> bool:
        """In the open transaction: put an event into the inbox; False when it was taken before."""
        if self._is_taken(db, event):  # `doorbell replay` may have put it there just now
            return False
        inbox_rows.insert(db, event.stream, event, "trying", attempts=1)
        self._advance(db, event.stream, event.epoch)
        return True

    def take_due(self, *, durable: bool, with_timers: bool = True) -> Delivery | None:
        """Take in hand what waited for its time: a retry, a timer, or what a crash left behind."""
        query = """SELECT stream, epoch, sequence, payload, attempts, crashes, state, any_age FROM inbox
            WHERE due <= ? AND (? OR stream NOT GLOB ?) ORDER BY due LIMIT 1"""
        with self._state.read() as db:
            row = db.execute(
                query, (self._clock.uptime_s(), with_timers, timers.PATTERN)
            ).fetchone()
        if row is None:
            return None
        stream, epoch, sequence, payload, attempts, crashes, state, any_age = row
        crashes += state == "crashed"
        again = (
            f"UPDATE inbox SET state = 'trying', due = NULL, attempts = ?, crashes = ? WHERE {KEY}"
        )
        self._state.do(
            lambda db: db.execute(again, (attempts + 1, crashes, stream, epoch, sequence)),
            durable=durable,
        )
        event = replace(self._warned(decode(payload)), attempt=attempts + 1)
        event = replace(event, redelivered=event.redelivered or crashes > 0)
        return Delivery(stream, epoch, sequence, event, any_age=bool(any_age))

    def _warned(self, event: Event) -> Event:
        """Our file may be a copy of an older state: what happened before it came here may have been done already."""
        copied = self._state.epochs.copied_unix_s
        is_older = copied and self._clock.corrected(event.stamp).time.timestamp() <= copied
        return replace(event, redelivered=True) if is_older else event

    def due_in_s(self, *, with_timers: bool = True) -> float | None:
        """In how many seconds the next thing that waits is due; None when nothing waits."""
        query = "SELECT MIN(due) FROM inbox WHERE due IS NOT NULL AND (? OR stream NOT GLOB ?)"
        with self._state.read() as db:
            due: float | None = db.execute(query, (with_timers, timers.PATTERN)).fetchone()[0]
        return None if due is None else max(0.0, due - self._clock.uptime_s())

    def finish(self, db: sqlite3.Connection, held: Delivery) -> None:
        """In the open transaction: this event is done with."""
        cursor = self._cursor(db, held.stream, held.epoch)
        if held.is_timer or (cursor is not None and held.sequence <= cursor):
            db.execute(f"DELETE FROM inbox WHERE {KEY}", held.key)
        else:
            self._set(db, held, "state = 'done', due = NULL, payload = NULL")

    def retry(self, db: sqlite3.Connection, held: Delivery, wait_s: float) -> None:
        """In the open transaction: try again in so many seconds."""
        self._set(
            db,
            held,
            "state = 'waiting', due = ?, due_unix = ?, wait_s = ?",
            *due_in(self._clock, wait_s),
        )

    def release(self, db: sqlite3.Connection, held: Delivery) -> None:
        """In the open transaction: it was cut off by our own stop; that was no attempt, but may have been an act."""
        set_due = "state = 'crashed', due = ?, due_unix = ?, wait_s = ?, attempts = attempts - 1"
        self._set(db, held, set_due, *due_in(self._clock, 0.0))

    def dead_letter(self, db: sqlite3.Connection, held: Delivery, reason: str) -> None:
        """In the open transaction: to the dead letters, with the reason."""
        self._set(db, held, "state = 'dead', due = NULL, reason = ?", reason)

    def is_complete_to(self, event: Event) -> bool:
        """Whether everything before this event has been taken; if not, some of it is missing."""
        with self._state.read() as db:
            cursor = self._cursor(db, event.stream, event.epoch)
        return cursor is not None and cursor >= event.sequence

    def cursors(self, kind: str) -> list[tuple[str, str, int]]:
        """Topic, epoch and sequence up to which everything of this type has been taken."""
        with self._state.read() as db:
            rows = db.execute("SELECT stream, epoch, sequence FROM cursor").fetchall()
        return [row for row in rows if streams.is_of(row[0], kind)]

    def known_producers(self, kind: str) -> list[str]:
        """The sources that have answered us for this type: everything new of theirs is owed to us."""
        with self._state.read() as db:
            rows = db.execute("SELECT source FROM producer WHERE type = ?", (kind,)).fetchall()
        return [source for (source,) in rows]

    def first_reactions(self, kinds: Iterable[str], now: float) -> dict[str, float]:
        """Since when (Unix seconds) we react to each type; now, for a type that is new to us."""
        news = [(f"first {kind}", repr(now)) for kind in kinds]
        self._state.do(
            lambda db: db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", news),
            durable=True,
        )
        with self._state.read() as db:
            rows = db.execute("SELECT key, value FROM meta WHERE key LIKE 'first %'").fetchall()
        return {key.removeprefix("first "): float(value) for key, value in rows}

    def learn(
        self, source: str, kind: str, heads: Iterable[Head], *, is_whole: bool = True
    ) -> list[str]:
        """Note what a producer that was asked for a type says; returns what retention took before we could have it.

        From now on everything new of that type of its is owed to us, if these heads are the whole of what it has.
        """
        known = tuple(heads)

        def note(db: sqlite3.Connection) -> list[str]:
            if is_whole:
                db.execute("INSERT OR IGNORE INTO producer VALUES (?, ?)", (source, kind))
            return [self._learn(db, head) for head in known]

        return list(filter(None, self._state.do(note, durable=False)))

    def forget(self, numberings: Iterable[tuple[str, str]]) -> None:
        """Let go of numberings that their producer no longer knows, when their last event can be on no way any more."""
        before = self._clock.unix_s() - FORGET_AFTER_S
        rows = [(stream, epoch, before) for stream, epoch in numberings]
        query = "DELETE FROM cursor WHERE stream = ? AND epoch = ? AND moved < ?"
        if rows and self._clock.is_synchronised():
            self._state.do(lambda db: db.executemany(query, rows), durable=False)

    def _learn(self, db: sqlite3.Connection, head: Head) -> str:
        cursor = self._cursor(db, head.stream, head.epoch)
        lost = (
            f"{head.stream}: {cursor + 1} to {head.after}"
            if cursor is not None and cursor < head.after
            else ""
        )
        if cursor is None or lost:
            self._move(db, head.stream, head.epoch, head.after)
        self._advance(db, head.stream, head.epoch)
        return lost

    def _is_taken(self, db: sqlite3.Connection, event: Event) -> bool:
        cursor = self._cursor(db, event.stream, event.epoch)
        if cursor is not None and event.sequence <= cursor:
            return True
        query = f"SELECT 1 FROM inbox WHERE {KEY}"
        key = (event.stream, event.epoch, event.sequence)
        return db.execute(query, key).fetchone() is not None

    def _cursor(self, db: sqlite3.Connection, stream: str, epoch: str) -> int | None:
        query = "SELECT sequence FROM cursor WHERE stream = ? AND epoch = ?"
        row = db.execute(query, (stream, epoch)).fetchone()
        return row[0] if row else None

    def _set(
        self, db: sqlite3.Connection, held: Delivery, assignment: str, *values: object
    ) -> None:
        """Change the row of what is held; `assignment` is one of this class's own texts."""
        db.execute(f"UPDATE inbox SET {assignment} WHERE {KEY}", (*values, *held.key))

    def _advance(self, db: sqlite3.Connection, stream: str, epoch: str) -> None:
        """Move the cursor over what has been taken without a gap; an epoch begins with 1."""
        known = self._cursor(db, stream, epoch)
        position = known or 0
        taken = f"SELECT 1 FROM inbox WHERE {KEY}"
        while db.execute(taken, (stream, epoch, position + 1)).fetchone():
            position += 1
        if position != (known or 0):
            self._move(db, stream, epoch, position)

    def _move(self, db: sqlite3.Connection, stream: str, epoch: str, position: int) -> None:
        """Set the cursor; what was finished before it need not be kept."""
        db.execute(
            "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)",
            (stream, epoch, position, self._clock.unix_s()),
        )
        db.execute(
            "DELETE FROM inbox WHERE state = 'done' AND stream = ? AND epoch = ? AND sequence <= ?",
            (stream, epoch, position),
        )
