"""The journal: what this process said, kept before it is published (transactional outbox)."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hub.store.database import State
from hub.wire import streams, topics, trace_context
from hub.wire.event import BadEvent, Event, decode, encode, uuid7
from hub.wire.query import Head, Numbering


@dataclass(frozen=True, slots=True)
class Entry:
    """A journaled event, ready for the wire."""

    position: int
    stream: str
    payload: bytes


class Journal:
    """Numbers events by stream and keeps them until they may go."""

    def __init__(self, state: State, source: str) -> None:
        self._state = state
        self.source = source
        self._uptime_s = state.clock.uptime_s
        with state.read() as db:
            (self._began_after,) = db.execute(
                "SELECT COALESCE(MAX(position), 0) FROM journal"
            ).fetchone()

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
    ) -> Event:
        """Write an event into the open transaction, with the next sequence of its stream.

        Raises:
            BadEvent: type, subject or data cannot be published; nothing was written.
        """
        if fault := topics.fault_in(self.source, kind, subject):
            raise BadEvent(f"{kind}: {fault}")
        stream, epoch = streams.of(self.source, kind, subject), self._state.epoch
        stamp = self._state.clock.planned(time) if planned else self._state.clock.stamp(time)
        row = db.execute(
            "SELECT sequence FROM head WHERE stream = ? AND epoch = ?", (stream, epoch)
        ).fetchone()
        event = Event(
            id=id or uuid7(),
            type=kind,
            source=self.source,
            subject=subject,
            time=time,
            data=data,
            sequence=(row[0] if row else 0) + 1,
            epoch=epoch,
            traceparent=trace_context.child(cause.traceparent) if cause else trace_context.begin(),
            cause=cause.id if cause else None,
            boot=stamp.boot,
            uptime_s=stamp.uptime_s,
            synchronised=stamp.synchronised,
        )
        payload = encode(event)
        db.execute(
            "INSERT INTO journal (stream, epoch, sequence, type, id, time, payload, journaled, synchronised)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stream,
                event.epoch,
                event.sequence,
                kind,
                event.id,
                time.timestamp(),
                payload,
                self._uptime_s(),
                event.synchronised,
            ),
        )
        db.execute("INSERT OR REPLACE INTO head VALUES (?, ?, ?)", (stream, epoch, event.sequence))
        return event

    def knows(self, event_id: str) -> bool:
        """Whether an event of this id was said already."""
        with self._state.read() as db:
            return (
                db.execute("SELECT 1 FROM journal WHERE id = ?", (event_id,)).fetchone() is not None
            )

    def count(self, kinds: Iterable[str], since: datetime, until: datetime) -> dict[str, int]:
        """How many events of these types happened in that time, by their subject."""
        found: Counter[str] = Counter()
        with self._state.read() as db:
            for kind in kinds:
                query = "SELECT stream, COUNT(*) FROM journal WHERE type = ? AND time >= ? AND time < ? GROUP BY stream"
                for stream, number in db.execute(
                    query, (kind, since.timestamp(), until.timestamp())
                ):
                    found[streams.subject_of(stream)] += number
        return dict(found)

    def times(self, kinds: Iterable[str], subject: str, since: datetime) -> list[datetime]:
        """When events of these types happened to one thing, from that time on."""
        names = [streams.of(self.source, kind, subject) for kind in kinds]
        query = "SELECT time FROM journal WHERE stream = ? AND time >= ?"
        with self._state.read() as db:
            found = [
                row[0] for name in names for row in db.execute(query, (name, since.timestamp()))
            ]
        return [datetime.fromtimestamp(time, UTC) for time in found]

    def find(self, event_id: str) -> Event | None:
        """The event of this id; None when it was never said, or is no longer kept."""
        with self._state.read() as db:
            row = db.execute("SELECT payload FROM journal WHERE id = ?", (event_id,)).fetchone()
        return decode(row[0]) if row else None

    def unpublished(self, after: int, limit: int) -> list[Entry]:
        """The oldest events beyond a position that no broker has acknowledged yet."""
        query = """SELECT position, stream, payload FROM journal
            WHERE published = 0 AND position > ? ORDER BY position LIMIT ?"""
        with self._state.read() as db:
            return [Entry(*row) for row in db.execute(query, (after, limit))]

    def mark_published(self, acknowledged: Mapping[int, float]) -> None:
        """Note what the broker acknowledged. Not durable: after a power cut they are published again, and dropped.

        Args:
            acknowledged: By position, when: seconds on the clock that never jumps. It is kept of what this process
                has said; of what an earlier one left behind only that it was acknowledged.
        """
        rows = [
            (self._began_after, uptime_s, position) for position, uptime_s in acknowledged.items()
        ]
        mark = "UPDATE journal SET published = 1, acknowledged = CASE WHEN position > ? THEN ? END WHERE position = ?"
        self._state.do(lambda db: db.executemany(mark, rows), durable=False)

    def owed(
        self,
        kind: str,
        cursors: Mapping[Numbering, int],
        *,
        since: float | None,
        within: Callable[[Numbering], bool] = lambda _: True,
    ) -> list[Head]:
        """The streams of a type, and what of them a consumer is owed that has come as far as `cursors` says.

        Of a stream that it has no cursor for, it is owed what happened from `since` (Unix seconds); None: everything.
        """
        with self._state.read() as db:
            heads = db.execute("SELECT stream, epoch, 0, sequence FROM head").fetchall()
            mine = [
                head
                for head in heads
                if streams.source_of(head[0]) == self.source
                and streams.is_of(head[0], kind)
                and within(head[:2])
            ]
            return [self._owed(db, Head(*head), cursors.get(head[:2]), since) for head in mine]

    def is_behind(self, cursors: Mapping[tuple[str, str], int]) -> bool:
        """Whether somebody has had more from us than we know of: then this file is an older copy.

        Of a numbering that began in this run nobody can: whoever says so is in error, or lies.
        """
        if self._state.epochs.began_in_this_run:
            return False
        with self._state.read() as db:
            heads = {
                (stream, epoch): last for stream, epoch, last in db.execute("SELECT * FROM head")
            }
        return any(
            sequence > heads.get((stream, epoch), 0)
            for (stream, epoch), sequence in cursors.items()
            if epoch == self._state.epoch and streams.source_of(stream) == self.source
        )

    def forgotten(self, cursors: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
        """Which of these numberings were ours, and are no more."""
        with self._state.read() as db:
            heads = set(db.execute("SELECT stream, epoch FROM head"))
        return [
            key for key in cursors if key not in heads and streams.source_of(key[0]) == self.source
        ]

    def is_current(self, head: Head) -> bool:
        """Whether it may still grow."""
        return head.epoch == self._state.epoch

    def _owed(
        self, db: sqlite3.Connection, head: Head, cursor: int | None, since: float | None
    ) -> Head:
        row = "FROM journal WHERE stream = ? AND epoch = ?"
        key = (head.stream, head.epoch)
        (first,) = db.execute(f"SELECT MIN(sequence) {row}", key).fetchone()
        removed = head.last if first is None else first - 1
        if cursor is None and since is not None:
            older = f"SELECT sequence {row} AND time < ? ORDER BY sequence DESC LIMIT 1"
            found = db.execute(older, (*key, since)).fetchone()
            cursor = found[0] if found else 0
        return replace(head, after=max(removed, cursor or 0))

    def page(self, head: Head, limit: int) -> list[bytes]:
        """The events after `head.after`, oldest first, as they were published."""
        query = "SELECT payload FROM journal WHERE stream = ? AND epoch = ? AND sequence > ? ORDER BY sequence LIMIT ?"
        with self._state.read() as db:
            rows = db.execute(query, (head.stream, head.epoch, head.after, limit)).fetchall()
        return [payload for (payload,) in rows]
