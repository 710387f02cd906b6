"""The journal: events of this process, kept until they may go (transactional outbox)."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.store.state import State
from hub.system.clock import Stamp, is_same_boot
from hub.wire import streams, topics, trace_context
from hub.wire.event import BadEvent, Event, decode, encode, uuid7

MANY = 10**15  # beyond every position
RECENT = 1000  # events of a stream, and more than that are not looked at
LAST = "SELECT sequence FROM head WHERE stream = ? AND epoch = ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """A journaled event, ready for the wire.

    Attributes:
        position: Its place in the journal.
        stream: Its source, type and subject, which say where it is published.
        payload: What is published.
        event: The event, where it was journaled just now.
    """

    position: int
    stream: str
    payload: bytes
    event: Event | None = field(default=None, compare=False)


class Journal:
    """Numbers the events of each stream and keeps them until retention removes them.

    Attributes:
        source: Whose events they are.
    """

    def __init__(self, state: State, source: str) -> None:
        self._state = state
        self._clock = state.clock
        self.source = source
        self._began_after = self.end()

    def end(self) -> int:
        """The position of the last event; 0 for an empty journal."""
        with self._state.read() as db:
            (last,) = db.execute("SELECT COALESCE(MAX(position), 0) FROM journal").fetchone()
        return int(last)

    def append(
        self,
        db: sqlite3.Connection,
        kind: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        time: datetime,
        cause: Event | None = None,
        id: str | None = None,  # noqa: A002 - the attribute's name in CloudEvents
        planned: bool = False,
    ) -> tuple[Event, Entry]:
        """In the open transaction: write an event, with the next sequence of its stream.

        Args:
            db: The connection of the transaction.
            kind: The event's type.
            subject: What it is about.
            data: What else there is to know.
            time: When it happened.
            cause: What it follows from.
            id: Its id; a new one if not given.
            planned: A calendar says that time; it may lie before this boot.

        Returns:
            The event, and its entry; both count only once the transaction is committed.

        Raises:
            BadEvent: type, subject or data cannot be published; the transaction must be undone.
        """
        if fault := topics.fault_in(self.source, kind, subject):
            raise BadEvent(f"{kind}: {fault}")
        stream = streams.of(self.source, kind, subject)
        epoch = self._state.epoch
        stamp = self._clock.planned(time) if planned else self._clock.stamp(time)
        event = Event(
            id=id or uuid7(),
            type=kind,
            source=self.source,
            subject=subject,
            time=time,
            data=data,
            sequence=_next_sequence(db, stream, epoch),
            epoch=epoch,
            traceparent=trace_context.child(cause.traceparent) if cause else trace_context.begin(),
            cause=cause.id if cause else None,
            boot=stamp.boot,
            uptime_s=stamp.uptime_s,
            synchronised=stamp.synchronised,
        )
        return event, self._insert(db, stream, event)

    def knows(self, event_id: str) -> bool:
        """Whether the journal has an event of this id."""
        query = "SELECT 1 FROM journal WHERE id = ?"
        return self._state.first(query, (event_id,)) is not None

    def find(self, event_id: str) -> Event | None:
        """The event of this id; None when there never was one, or it is no longer kept."""
        row = self._state.first("SELECT payload FROM journal WHERE id = ?", (event_id,))
        return decode(row[0]) if row else None

    def count(self, kinds: Iterable[str], since: datetime, until: datetime) -> dict[str, int]:
        """How many events of these types happened in that time, by their subject."""
        query = (
            "SELECT stream, COUNT(*) FROM journal WHERE type = ? AND time >= ? AND time < ?"
            " GROUP BY stream"
        )
        found: Counter[str] = Counter()
        with self._state.read() as db:
            for kind in kinds:
                values = (kind, since.timestamp(), until.timestamp())
                for stream, number in db.execute(query, values):
                    found[streams.subject_of(stream)] += number
        return dict(found)

    def last(self, kinds: Iterable[str], subject: str) -> Event | None:
        """The last event of these types that happened to one subject; None where none is kept."""
        query = "SELECT payload FROM journal WHERE stream = ? ORDER BY position DESC LIMIT 1"
        found = []
        with self._state.read() as db:
            for kind in kinds:
                row = db.execute(query, (streams.of(self.source, kind, subject),)).fetchone()
                found += [decode(row[0])] if row else []
        return max(found, key=lambda event: event.time, default=None)

    def ages_from(self, first: Event, kinds: Iterable[str]) -> list[float]:
        """How old an event is, and each of these types that was journaled of its subject since.

        Returns:
            Their ages in seconds, the oldest first. Within this boot no wall clock counts.
        """
        query = (
            "SELECT payload FROM journal WHERE stream = ?"
            " AND position > (SELECT position FROM journal WHERE id = ?) ORDER BY position LIMIT ?"
        )
        events = [first]
        with self._state.read() as db:
            for kind in kinds:
                stream = streams.of(self.source, kind, first.subject)
                found = db.execute(query, (stream, first.id, RECENT))
                events += [decode(payload) for (payload,) in found]
        return sorted((self._clock.age_s(event.stamp) for event in events), reverse=True)

    def recent(self, kind: str, subject: str, within_s: float) -> list[Event]:
        """The last events of a type that happened to one subject, and are no older than that.

        Of another boot the wall clock must say so, too: the age may be more than is known.
        """
        query = "SELECT payload FROM journal WHERE stream = ? ORDER BY position DESC LIMIT ?"
        with self._state.read() as db:
            found = db.execute(query, (streams.of(self.source, kind, subject), RECENT))
            events = [decode(payload) for (payload,) in found]
        return [event for event in events if self._is_within(event.stamp, within_s)]

    def was_published_soon(self, event_id: str, within_s: float) -> bool:
        """Whether this process, or an earlier one, noted that a broker had it within that time.

        An acknowledgement that a later process got for it does not count.
        """
        query = "SELECT acknowledged - journaled FROM journal WHERE id = ? AND published = 1"
        with self._state.read() as db:
            row = db.execute(query, (event_id,)).fetchone()
        return row is not None and row[0] is not None and row[0] < within_s

    def published_to(self) -> int:
        """A position up to which the broker has everything; it may have more."""
        with self._state.read() as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'published to'").fetchone()
        return int(row[0]) if row else 0

    def unpublished(self, after: int, limit: int, *, to: int = MANY) -> list[Entry]:
        """The oldest events between two positions that no broker has acknowledged yet.

        Args:
            after: The position before the first that is wanted.
            limit: How many at most.
            to: The last position that is wanted.
        """
        query = (
            "SELECT position, stream, payload FROM journal"
            " WHERE published = 0 AND position > ? AND position <= ? ORDER BY position LIMIT ?"
        )
        with self._state.read() as db:
            return [Entry(*row) for row in db.execute(query, (after, to, limit))]

    def mark_published(self, db: sqlite3.Connection, acknowledged: Mapping[int, float]) -> None:
        """In the open transaction: write down what the broker has acknowledged.

        A power cut may undo it: then these events are published again, and dropped.

        Args:
            db: The connection of the transaction.
            acknowledged: The time of each position, in seconds on the clock that never jumps. It
                is kept for the events of this process only: an earlier one may have run in
                another boot.
        """
        rows = [(self._began_after, time_s, position) for position, time_s in acknowledged.items()]
        mark = (
            "UPDATE journal SET published = 1, acknowledged = CASE WHEN position > ? THEN ? END"
            " WHERE position = ?"
        )
        db.executemany(mark, rows)

    def _is_within(self, stamp: Stamp, seconds: float) -> bool:
        since_s = self._clock.unix_s() - stamp.time.timestamp()
        is_known = is_same_boot(stamp.boot, self._clock.boot) or since_s < seconds
        return is_known and self._clock.age_s(stamp) < seconds

    def _insert(self, db: sqlite3.Connection, stream: str, event: Event) -> Entry:
        payload = encode(event)
        inserted = db.execute(
            "INSERT INTO journal (stream, epoch, sequence, type, id, time, payload, journaled,"
            " synchronised) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stream,
                event.epoch,
                event.sequence,
                event.type,
                event.id,
                event.time.timestamp(),
                payload,
                self._clock.uptime_s(),
                event.synchronised,
            ),
        )
        return Entry(inserted.lastrowid or 0, stream, payload, event)


def _next_sequence(db: sqlite3.Connection, stream: str, epoch: str) -> int:
    """Count one on; the first event of a numbering begins it."""
    last = db.execute(LAST, (stream, epoch)).fetchone()
    if last is None:
        db.execute("INSERT INTO numbering VALUES (?, ?, 0)", (stream, epoch))
        return 1
    return int(last[0]) + 1
