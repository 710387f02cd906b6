"""The inbox: the events that this process has taken and not finished (idempotent consumer)."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.store import inbox_rows
from hub.store.cursors import CURSOR, Cursors
from hub.store.inbox import copies, timers
from hub.store.inbox.reservations import Reservations
from hub.store.inbox_rows import KEY, due_in
from hub.store.state import State
from hub.system.clock import is_same_boot
from hub.wire.event import Event, decode
from hub.wire.streams import Key


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event in hand: claimed or reserved, and not finished.

    Attributes:
        stream: The stream of the event, or of the timer that it is.
        epoch: Its epoch.
        sequence: Its number there.
        event: The event as the handler gets it.
        any_age: Whether a person wants it handled however old it is.
        is_timer: Whether the handler set it itself (`later`), so that it cannot be stale.
        is_behind: Whether events before it in its stream are missing.
        payload: The event as it came, where it is at hand.
        is_claimed: Whether it has a row in the inbox; one that is reserved has none.
    """

    stream: str
    epoch: str
    sequence: int
    event: Event
    any_age: bool = False
    is_timer: bool = False
    is_behind: bool = False
    payload: bytes | None = None
    is_claimed: bool = True

    @property
    def key(self) -> Key:
        """The key of its row in the inbox."""
        return self.stream, self.epoch, self.sequence


class Inbox:
    """Takes each event once.

    A row is an event that is not finished (`trying`, `waiting`, `crashed`, `dead`, and `wanted` by
    a person), or that was finished ahead of its cursor (`done`). What a cursor has passed needs no
    row.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._clock = state.clock
        self._cursors = Cursors(state)
        self._reservations = Reservations(state)

    def recover(self) -> None:
        """At start: events in hand when the process died are due again, as redelivered.

        After a boot the clock that `due` is counted on has begun anew. Then a row waits for what
        the wall clock says is left, and not longer than its whole time, should that clock be wrong.
        What waits has not been acted on, whatever cut the power: `take_due` would have said so.
        """
        now = self._clock.uptime_s()
        unix = self._clock.unix_s()
        boot = self._clock.boot

        def take_up(db: sqlite3.Connection) -> None:
            known = db.execute("SELECT value FROM meta WHERE key = 'boot'").fetchone()
            is_new_boot = known is None or not is_same_boot(known[0], boot)
            if is_new_boot:
                left = "MAX(0, MIN(wait_s, due_unix - ?))"
                db.execute(f"UPDATE inbox SET due = ? + {left} WHERE due IS NOT NULL", (now, unix))
                db.execute("INSERT OR REPLACE INTO meta VALUES ('boot', ?)", (boot,))
            copies.take_up(db)
            crashed = "state = 'crashed', due = ?, due_unix = ?, wait_s = 0"
            db.execute(f"UPDATE inbox SET {crashed} WHERE state = 'trying'", (now, unix))
            self._reservations.recover(db, is_new_boot=is_new_boot)

        self._state.do(take_up)

    def claim(
        self, event: Event, payload: bytes | None = None, *, missed: bool = False
    ) -> Delivery | None:
        """Take an event in hand for its first attempt; None when it was taken before.

        Args:
            event: The event.
            payload: The event as it came, if it is at hand.
            missed: It was missed, and comes from the journal of its producer.
        """
        return self.claim_all([(event, payload)], missed=missed)[0]

    def claim_all(
        self, events: Sequence[tuple[Event, bytes | None]], *, missed: bool = False
    ) -> list[Delivery | None]:
        """The same for several events, each with its payload, in one transaction.

        Its sync can wait for that of the outcome: without one these events come as redelivered
        after a boot, whether there is a claim or not.
        """
        return self._state.do(
            lambda db: [self.take(db, *event, missed=missed) for event in events], can_wait=True
        )

    def reserve(
        self, events: Sequence[tuple[Event, bytes | None]], *, missed: bool = False
    ) -> list[Delivery | None]:
        """The same without a transaction: each is claimed in the one that records its outcome.

        Should this process die before, its successor gets what happened until then, and is not
        finished, as redelivered, and claims it. Where it could not tell when one of these events
        happened, all are claimed now.
        """
        alone = [event for event, _ in events]
        if not self._reservations.begin(alone):
            return self.claim_all(events, missed=missed)
        with self._state.read() as db:
            cursors = self._reservations.take(db, alone)
        return [
            None
            if cursor is None
            else replace(self._delivery(*event, cursor, missed=missed), is_claimed=False)
            for event, cursor in zip(events, cursors, strict=True)
        ]

    def close(self) -> None:
        """At the end: nothing is in hand."""
        self._reservations.end()

    def take(
        self,
        db: sqlite3.Connection,
        event: Event,
        payload: bytes | None = None,
        *,
        missed: bool = False,
    ) -> Delivery | None:
        """The same in the open transaction: it counts once that is committed."""
        cursor = self._take(db, event, payload)
        return None if cursor is None else self._delivery(event, payload, cursor, missed=missed)

    def take_due(self, *, with_timers: bool = True) -> Delivery | None:
        """Take in hand a row whose time has come: a retry, a timer, or an event of a crash.

        Its claim is on the disk before anything acts on it. So a row that still waits after a
        power cut was not acted on since it was put off, and one that was in hand says so.
        """
        query = (
            "SELECT stream, epoch, sequence, payload, attempts, crashes, state, any_age FROM inbox"
            " WHERE due <= ? AND (? OR stream NOT GLOB ?) ORDER BY due LIMIT 1"
        )
        values = (self._clock.uptime_s(), with_timers, timers.PATTERN)
        with self._state.read() as db:
            row = db.execute(query, values).fetchone()
        if row is None:
            return None
        stream, epoch, sequence, payload, attempts, crashes, state, any_age = row
        key = (stream, epoch, sequence)
        attempts += 1
        crashes += state == "crashed"
        trying = "state = 'trying', due = NULL, attempts = ?, crashes = ?"
        claim = f"UPDATE inbox SET {trying} WHERE {KEY}"
        self._state.do(lambda db: db.execute(claim, (attempts, crashes, *key)))
        self._state.sync()
        event = replace(decode(payload), attempt=attempts, redelivered=crashes > 0)
        is_timer = timers.is_timer(stream)
        return Delivery(*key, event, bool(any_age), is_timer, payload=payload)

    def due_in_s(self, *, with_timers: bool = True) -> float | None:
        """In how many seconds the next row is due; None when none waits."""
        query = "SELECT MIN(due) FROM inbox WHERE due IS NOT NULL AND (? OR stream NOT GLOB ?)"
        with self._state.read() as db:
            due: float | None = db.execute(query, (with_timers, timers.PATTERN)).fetchone()[0]
        return None if due is None else max(0.0, due - self._clock.uptime_s())

    def finish(self, db: sqlite3.Connection, delivery: Delivery) -> None:
        """In the open transaction: nothing is left to do for this event."""
        if not delivery.is_claimed and self._pass(db, delivery):
            return
        if delivery.is_timer:
            db.execute(f"DELETE FROM inbox WHERE {KEY}", delivery.key)
            return
        passed = f"DELETE FROM inbox WHERE {KEY} AND sequence <= ({CURSOR})"
        if not db.execute(passed, (*delivery.key, delivery.stream, delivery.epoch)).rowcount:
            self._set(db, delivery, "state = 'done', due = NULL, payload = NULL")

    def retry(self, db: sqlite3.Connection, delivery: Delivery, wait_s: float) -> None:
        """In the open transaction: try again in so many seconds.

        What may have been done before is redelivered in each attempt.
        """
        waiting = "state = 'waiting', due = ?, due_unix = ?, wait_s = ?, crashes = MAX(crashes, ?)"
        due = due_in(self._clock, wait_s)
        self._set(db, delivery, waiting, *due, delivery.event.redelivered)

    def postpone(self, db: sqlite3.Connection, delivery: Delivery, wait_s: float) -> None:
        """In the open transaction: try again in so many seconds, and count no attempt."""
        self.retry(db, delivery, wait_s)
        db.execute(f"UPDATE inbox SET attempts = attempts - 1 WHERE {KEY}", delivery.key)

    def release(self, db: sqlite3.Connection, delivery: Delivery) -> None:
        """In the open transaction: the stop of this process ended the attempt.

        It does not count as an attempt, but the handler may have acted.
        """
        crashed = "state = 'crashed', due = ?, due_unix = ?, wait_s = ?, attempts = attempts - 1"
        self._set(db, delivery, crashed, *due_in(self._clock, 0.0))

    def dead_letter(self, db: sqlite3.Connection, delivery: Delivery, reason: str) -> None:
        """In the open transaction: to the dead letters, with the reason."""
        dead = "state = 'dead', due = NULL, attempts = ?, reason = ?"
        self._set(db, delivery, dead, delivery.event.attempt, reason)

    def _take(self, db: sqlite3.Connection, event: Event, payload: bytes | None) -> int | None:
        """In the open transaction: put an event into the inbox.

        Returns:
            Where the cursor is then; None when the event was taken before, and nothing is written.
        """
        cursor = self._cursors.at(db, *event.numbering) or 0
        if event.sequence <= cursor:
            return None
        if not inbox_rows.insert(db, event.stream, event, "trying", attempts=1, payload=payload):
            return None
        if event.sequence > cursor + 1:
            return cursor
        return self._cursors.advance(db, *event.numbering, taken=event.sequence)

    def _pass(self, db: sqlite3.Connection, delivery: Delivery) -> bool:
        """In the open transaction: have the cursor pass a reserved event; False behind a gap."""
        cursor = self._cursors.at(db, delivery.stream, delivery.epoch) or 0
        if delivery.sequence == cursor + 1:
            cursor = self._cursors.advance(
                db, delivery.stream, delivery.epoch, taken=delivery.sequence
            )
        return delivery.sequence <= cursor

    def _delivery(
        self, event: Event, payload: bytes | None, cursor: int, *, missed: bool
    ) -> Delivery:
        return Delivery(
            *event.key,
            self._warned(event, missed=missed),
            is_behind=cursor < event.sequence,
            payload=payload,
        )

    def _warned(self, event: Event, *, missed: bool) -> Event:
        """The event, as redelivered if it may have been done before, without a trace here.

        That is what happened before this boot: a power cut may have come between the act and the
        sync of its claim. Where it cannot be told when that was, it concerns what was missed. Where
        a process of this boot died with reserved events, it is also what these may have been.
        """
        is_before = self._clock.is_before_boot(event.stamp)
        is_uncertain = missed if is_before is None else is_before
        is_uncertain = is_uncertain and not self._state.epochs.is_born_in_this_boot
        if is_uncertain or self._reservations.is_in_doubt(event):
            return replace(event, redelivered=True)
        return self._warned_of_copy(event)

    def _warned_of_copy(self, event: Event) -> Event:
        """The event, as redelivered if this file is a copy of an older state.

        Then what happened before the copy came here may have been done already.
        """
        copied = self._state.epochs.copied_unix_s
        is_older = copied and self._clock.corrected(event.stamp).time.timestamp() <= copied
        return replace(event, redelivered=True) if is_older else event

    def _set(
        self, db: sqlite3.Connection, delivery: Delivery, assignment: str, *values: object
    ) -> None:
        """Change the row of a delivery; `assignment` is one of this class's own texts.

        A reserved event gets its row now, even if the cursor has passed it meanwhile.
        """
        if not delivery.is_claimed:
            event, payload = delivery.event, delivery.payload
            inbox_rows.insert(db, delivery.stream, event, "trying", attempts=1, payload=payload)
            self._cursors.advance(db, delivery.stream, delivery.epoch)
        db.execute(f"UPDATE inbox SET {assignment} WHERE {KEY}", (*values, *delivery.key))
