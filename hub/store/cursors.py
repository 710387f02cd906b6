"""The cursors: how far this process has come with the events of each producer."""

import sqlite3
from collections.abc import Callable, Container, Iterable

from hub.store.inbox_rows import KEY
from hub.store.ranges import ALL, condition
from hub.store.state import State
from hub.wire import streams, topics
from hub.wire.query import Cursor, Head, Range
from hub.wire.streams import Numbering

CURSOR = "SELECT sequence FROM cursor WHERE stream = ? AND epoch = ?"
FORGET_AFTER_S = 30 * 86_400.0
PRODUCERS = 1000  # that are known: without an ACL anybody may invent some
FORGET_SILENT_AFTER_S = 400 * 86_400.0  # longer than what a producer that is not known owes


class Cursors:
    """By stream and epoch: up to which sequence every event was taken."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.clock = state.clock

    def after_sync(self, call: Callable[[], object]) -> None:
        """Call it once the cursors are on the disk: producers may forget what they say is taken."""
        self._state.after_sync(call)

    def position(self, stream: str, epoch: str) -> int:
        """The cursor of a numbering; 0 if no event of it was taken yet."""
        with self._state.read() as db:
            return self.at(db, stream, epoch) or 0

    def has_some_of(self, stream: str) -> bool:
        """Whether there is a cursor of any numbering of this stream."""
        with self._state.read() as db:
            found = db.execute("SELECT 1 FROM cursor WHERE stream = ? LIMIT 1", (stream,))
            return found.fetchone() is not None

    def of_type(self, kind: str, within: Range = ALL) -> list[Cursor]:
        """The cursors of an event type, or of every type; the last moved first."""
        where, values = condition(within)
        query = f"SELECT stream, epoch, sequence FROM cursor WHERE {where} ORDER BY moved DESC"
        with self._state.read() as db:
            rows = db.execute(query, values).fetchall()
        return [row for row in rows if streams.is_of(row[0], kind)]

    def known_producers(self, kind: str) -> list[str]:
        """The sources that have replied for this type: they owe this process each new event."""
        with self._state.read() as db:
            rows = db.execute("SELECT source FROM producer WHERE type = ?", (kind,)).fetchall()
        return [source for (source,) in rows]

    def first_reactions(self, kinds: Iterable[str], now: float) -> dict[str, float]:
        """Since when this process reacts to each type: Unix seconds; now, for a new type."""
        first = [(f"first {kind}", repr(now)) for kind in kinds]
        insert = "INSERT OR IGNORE INTO meta VALUES (?, ?)"
        self._state.do(lambda db: db.executemany(insert, first))
        with self._state.read() as db:
            rows = db.execute("SELECT key, value FROM meta WHERE key LIKE 'first %'").fetchall()
        return {key.removeprefix("first "): float(value) for key, value in rows}

    def learn(
        self,
        source: str,
        kind: str,
        heads: Iterable[Head],
        *,
        is_whole: bool = True,
        was_known: bool = False,
    ) -> list[str]:
        """Write down what a producer replied.

        Args:
            source: The producer.
            kind: The event type that it was asked for.
            heads: How far its numberings go, and what of them it owes.
            is_whole: Whether these are all its numberings. From then on the producer is known: it
                owes this process each new event of the type.
            was_known: Whether the query said that this producer has replied before. Then it owes
                all of a numbering that is new to this process; else it may leave out what happened
                before the process wanted such events, and that is no loss.

        Returns:
            A line for each loss: events that retention removed before this process had them.
        """
        known = tuple(heads)

        def write(db: sqlite3.Connection) -> list[str]:
            if is_whole:
                room = f"(SELECT COUNT(*) FROM producer) < {PRODUCERS}"
                add = f"INSERT OR IGNORE INTO producer SELECT ?, ? WHERE {room}"
                db.execute(add, (source, kind))
            return [self._learn_head(db, head, is_owed_all=was_known) for head in known]

        return list(filter(None, self._state.do(write)))

    def forget(self, numberings: Iterable[Numbering]) -> None:
        """Drop the cursors of numberings that their producer has forgotten.

        A cursor stays for a month after it moved, because the last event may still be on its way.
        """
        before = self.clock.unix_s() - FORGET_AFTER_S
        rows = [(stream, epoch, before) for stream, epoch in numberings]
        query = "DELETE FROM cursor WHERE stream = ? AND epoch = ? AND moved < ?"
        if rows and self.clock.is_synchronised():
            self._state.do(lambda db: db.executemany(query, rows))

    def forget_silent(self, kind: str, alive: Container[str]) -> None:
        """Drop the producers of a type that are gone for good, and their cursors.

        Should one come back after all it is a new one, and owes what happened in the last year:
        nothing of that can have been taken.

        Args:
            kind: The event type.
            alive: The sources that are there, however long they have published nothing.
        """
        if not self.clock.is_synchronised():
            return
        before = self.clock.unix_s() - FORGET_SILENT_AFTER_S
        last = "SELECT MAX(moved) FROM cursor WHERE stream GLOB ?"
        with self._state.read() as db:
            silent = [
                source
                for source in self.known_producers(kind)
                if source not in alive
                and (moved := db.execute(last, (f"{source} *",)).fetchone()[0]) is not None
                and moved < before
            ]

        def drop(db: sqlite3.Connection) -> None:
            for source in silent:
                _forget(db, source)

        if silent:
            self._state.do(drop)

    def forget_source(self, source: str) -> None:
        """Drop what is known of a source that is no longer heard."""
        streams_of = f"{source} *"
        as_consumer = (topics.consumer_of(source),)

        def drop(db: sqlite3.Connection) -> None:
            _forget(db, source)
            db.execute("DELETE FROM consumer WHERE name = ?", as_consumer)
            db.execute("DELETE FROM asked WHERE name = ?", as_consumer)
            db.execute("DELETE FROM inbox WHERE stream GLOB ? AND state = 'done'", (streams_of,))

        self._state.do(drop, can_wait=True)

    def pass_over(self, stream: str, epoch: str, sequence: int) -> bool:
        """Count an event as finished that cannot be had; False if it was taken before."""
        key = (stream, epoch, sequence)

        def finish(db: sqlite3.Connection) -> bool:
            cursor = self.at(db, stream, epoch)
            if cursor is not None and sequence <= cursor:
                return False
            put = "INSERT OR IGNORE INTO inbox (stream, epoch, sequence, state) VALUES (?, ?, ?, ?)"
            is_new = db.execute(put, (*key, "done")).rowcount > 0
            self.advance(db, stream, epoch)
            return is_new

        return self._state.do(finish)

    def at(self, db: sqlite3.Connection, stream: str, epoch: str) -> int | None:
        """One cursor; None if no event of the numbering was taken yet."""
        row = db.execute(CURSOR, (stream, epoch)).fetchone()
        return row[0] if row else None

    def advance(self, db: sqlite3.Connection, stream: str, epoch: str, *, taken: int = 0) -> int:
        """In the open transaction: move over the events in the inbox, up to the first gap.

        Args:
            db: The connection of the transaction.
            stream: The stream.
            epoch: The epoch.
            taken: The event just behind the cursor, if it has been put into the inbox just now.

        Returns:
            Where the cursor is then.
        """
        known = taken - 1 if taken else self.at(db, stream, epoch) or 0
        position = max(known, taken)
        in_inbox = f"SELECT 1 FROM inbox WHERE {KEY}"
        while db.execute(in_inbox, (stream, epoch, position + 1)).fetchone():
            position += 1
        if position != known:
            self._move(db, stream, epoch, position, has_finished=position != taken)
        return position

    def _learn_head(self, db: sqlite3.Connection, head: Head, *, is_owed_all: bool) -> str:
        cursor = self.at(db, head.stream, head.epoch)
        had = 0 if cursor is None and is_owed_all else cursor
        lost = ""
        if had is not None and had < head.after:
            lost = f"{head.stream}: {had + 1} to {head.after}"
        if cursor is None or lost:
            self._move(db, head.stream, head.epoch, head.after)
        self.advance(db, head.stream, head.epoch)
        return lost

    def _move(
        self,
        db: sqlite3.Connection,
        stream: str,
        epoch: str,
        position: int,
        *,
        has_finished: bool = True,
    ) -> None:
        """Set a cursor, and drop the rows of finished events that it has passed, if there are."""
        moved = self.clock.unix_s()
        passed = "state = 'done' AND stream = ? AND epoch = ? AND sequence <= ?"
        db.execute(
            "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)", (stream, epoch, position, moved)
        )
        if has_finished:
            db.execute(f"DELETE FROM inbox WHERE {passed}", (stream, epoch, position))


def _forget(db: sqlite3.Connection, source: str) -> None:
    """In the open transaction: drop a producer and its cursors."""
    db.execute("DELETE FROM producer WHERE source = ?", (source,))
    db.execute("DELETE FROM cursor WHERE stream GLOB ?", (f"{source} *",))
