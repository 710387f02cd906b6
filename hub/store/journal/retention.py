"""Removes events from a journal: what is old or too much, and no consumer still needs."""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice

from config import JournalSettings
from hub.store.state import State
from hub.wire import streams
from hub.wire.query import Head
from hub.wire.streams import Numbering

log = logging.getLogger(__name__)
DAY_S = 86_400.0
HOUR_S = 3600.0
CONSUMERS = 200  # whose progress is noted: without an ACL anybody may invent some
KINDS = 100  # of events, that one consumer asks for
BATCH = 500  # events removed in one transaction: a press must not wait for a big one
MANY = 10**15  # beyond every sequence
FirstToStay = dict[Numbering, int]  # the first sequence that must stay


class Retention:
    """Keeps a journal from growing for ever, and keeps what a known consumer has yet to get.

    A consumer is known by its queries: each says how far it has come. A consumer that has not
    asked for `forget_consumers_days` is forgotten.
    """

    def __init__(self, state: State, limits: JournalSettings) -> None:
        self._state = state
        self._limits = limits
        self._next_sweep_s = 0.0  # on the clock that never jumps

    def note(self, consumer: str, kind: str, owed: Iterable[Head]) -> None:
        """Write down what a consumer has asked for, once an hour, and how far it has come.

        Args:
            consumer: Its name.
            kind: The event type that it has asked for; `*` is every type.
            owed: What it is still owed of each stream.
        """
        if not self._has_room_for(consumer, kind):
            return
        now = self._state.clock.unix_s()
        recent = "SELECT 1 FROM asked WHERE name = ? AND type = ? AND heard >= ?"
        same = "SELECT 1 FROM consumer WHERE name = ? AND stream = ? AND epoch = ? AND sequence = ?"
        with self._state.read() as db:
            is_recent = db.execute(recent, (consumer, kind, now - HOUR_S)).fetchone() is not None
            places = [(consumer, head.stream, head.epoch, head.after) for head in owed]
            changed = [place for place in places if db.execute(same, place).fetchone() is None]

        def write(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO asked VALUES (?, ?, ?)", (consumer, kind, now))
            db.executemany("INSERT OR REPLACE INTO consumer VALUES (?, ?, ?, ?)", changed)

        if changed or not is_recent:
            self._state.do(write)

    def consumers(self) -> set[str]:
        """The names of the consumers that are known."""
        return {name for name, _ in self._asked()}

    def sweep(self) -> int:
        """Remove what may go, once an hour at most.

        While the wall clock cannot be believed no event is called old.

        Returns:
            How many events were removed.
        """
        clock = self._state.clock
        if clock.uptime_s() < self._next_sweep_s:
            return 0
        self._next_sweep_s = clock.uptime_s() + HOUR_S
        self._forget_empty()
        self._note_published()
        keep_days = self._limits.keep_days
        removed = 0
        if clock.is_synchronised():
            removed += self._remove(self._first_to_stay(clock.unix_s() - keep_days * DAY_S))
        if self._is_too_large():
            removed += self._shrink(self._first_to_stay())
        if removed:
            log.info(
                "journal: removed %d events, older than %g days or too many", removed, keep_days
            )
        return removed

    def _asked(self) -> list[tuple[str, str]]:
        """Which consumers are known, and for which event types each has asked."""
        query = "SELECT name, type FROM asked WHERE heard > ?"
        with self._state.read() as db:
            return db.execute(query, (self._forgotten_before(),)).fetchall()

    def _has_room_for(self, consumer: str, kind: str) -> bool:
        with self._state.read() as db:
            rows = db.execute("SELECT type FROM asked WHERE name = ?", (consumer,)).fetchall()
        if not rows:
            return len(self.consumers()) < CONSUMERS
        return (kind,) in rows or len(rows) < KINDS

    def _forget_empty(self) -> None:
        """Forget old numberings without events: each boot begins a new one; and old consumers."""
        same = "SELECT 1 FROM {0} WHERE stream = {1}.stream AND epoch = {1}.epoch"
        event, numbering = same.format("journal", "numbering"), same.format("numbering", "consumer")
        empty = f"DELETE FROM numbering WHERE epoch <> ? AND NOT EXISTS ({event})"
        is_known = "name IN (SELECT name FROM asked)"
        gone = f"DELETE FROM consumer WHERE NOT ({is_known} AND EXISTS ({numbering}))"
        with self._state.write() as db:
            db.execute(empty, (self._state.epoch,))
            db.execute("DELETE FROM asked WHERE heard < ?", (self._forgotten_before(),))
            db.execute(gone)

    def _note_published(self) -> None:
        """Write down up to where everything is published, so that nobody looks there again."""
        known = "COALESCE((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'published to'), 0)"
        first = f"SELECT MIN(position) FROM journal WHERE published = 0 AND position > {known}"
        last = "SELECT MAX(position) + 1 FROM journal"
        note = f"COALESCE(({first}), ({last}), 1) - 1"
        with self._state.write() as db:
            db.execute(f"INSERT OR REPLACE INTO meta SELECT 'published to', {note}")

    def _first_to_stay(self, older_than: float | None = None) -> FirstToStay:
        """From where on each numbering stays.

        Only its beginning may go, because a consumer takes numbers in order. What stays is what no
        broker has acknowledged, and what a known consumer has yet to get: all of a numbering that
        has begun since it last asked.

        Args:
            older_than: A Unix time; what is not older stays, too, and what has no certain time.
        """
        must_stay = "published = 0"
        values: tuple[float, ...] = ()
        if older_than is not None:
            must_stay += " OR time >= ? OR NOT synchronised"
            values = (older_than,)
        first = "SELECT stream, epoch, MIN(sequence) FROM journal"
        by_numbering = "GROUP BY stream, epoch"
        with self._state.read() as db:
            every = db.execute(f"{first} {by_numbering}").fetchall()
            stays = db.execute(f"{first} WHERE {must_stay} {by_numbering}", values).fetchall()
        kept = {(stream, epoch): sequence for stream, epoch, sequence in stays}
        needed = self._needed([(stream, epoch) for stream, epoch, _ in every])
        return {key: min(needed[key], kept.get(key, MANY)) for key in needed}

    def _needed(self, numberings: Iterable[Numbering]) -> FirstToStay:
        """The first event of each numbering that a known consumer has yet to get."""
        asked = self._asked()
        with self._state.read() as db:
            places = db.execute("SELECT name, stream, epoch, sequence FROM consumer").fetchall()
        has = {(name, stream, epoch): sequence for name, stream, epoch, sequence in places}
        return {
            (stream, epoch): min(
                (
                    has.get((name, stream, epoch), 0) + 1
                    for name, kind in asked
                    if streams.is_of(stream, kind)
                ),
                default=MANY,
            )
            for stream, epoch in numberings
        }

    def _remove(self, stays: FirstToStay) -> int:
        removed = 0
        batch = (
            "SELECT position FROM journal WHERE stream = ? AND epoch = ? AND sequence < ?"
            " ORDER BY sequence LIMIT ?"
        )
        for (stream, epoch), first in stays.items():
            while deleted := self._delete(batch, (stream, epoch, first, BATCH)):
                removed += deleted
        return removed

    def _shrink(self, stays: FirstToStay) -> int:
        """Remove the oldest events, a batch at a time, until the rest is small enough."""
        removed = 0
        while self._is_too_large():
            oldest = self._oldest_free(stays)
            places = ", ".join("?" * len(oldest))
            deleted = self._delete(places, oldest)
            if not deleted:
                log.warning("journal: larger than max_mb, and a consumer still needs all of it")
                break
            removed += deleted
        return removed

    def _oldest_free(self, stays: FirstToStay) -> list[int]:
        """The positions of the oldest events that may go."""
        query = "SELECT position, stream, epoch, sequence FROM journal ORDER BY position"
        with self._state.read() as db:
            free = (
                position
                for position, stream, epoch, sequence in db.execute(query)
                if sequence < stays.get((stream, epoch), 0)
            )
            return list(islice(free, BATCH))

    def _delete(self, positions: str, values: Sequence[str | int]) -> int:
        """Remove the events at these positions: an SQL expression, and its values.

        The last event stays, so that no position is used twice.
        """
        removed = (
            f"FROM journal WHERE position IN ({positions})"
            " AND position < (SELECT MAX(position) FROM journal)"
        )
        # The journal says how far its numberings have come, until their last event is removed.
        note = (
            f"INSERT INTO numbering SELECT stream, epoch, MAX(sequence) {removed}"
            " GROUP BY stream, epoch"
            " ON CONFLICT DO UPDATE SET sequence = MAX(sequence, excluded.sequence)"
        )
        with self._state.write() as db:
            db.execute(note, values)
            return db.execute(f"DELETE {removed}", values).rowcount

    def _forgotten_before(self) -> float:
        clock = self._state.clock
        if not clock.may_be_right():  # one that is far ahead would have all of them forgotten
            return 0.0
        return clock.unix_s() - self._limits.forget_consumers_days * DAY_S

    def _is_too_large(self) -> bool:
        query = "SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM journal"
        with self._state.read() as db:
            (size,) = db.execute(query).fetchone()
        return bool(size > self._limits.max_mb * 1_000_000)
