"""The backlog: what of a journal a consumer is owed."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace

from hub.store.journal.journal import LAST
from hub.store.ranges import ALL, condition
from hub.store.state import State
from hub.wire import streams
from hub.wire.query import Cursor, Head, Range
from hub.wire.streams import Numbering


class Backlog:
    """Compares a journal with the cursors of its consumers.

    Attributes:
        source: Whose journal it is.
    """

    def __init__(self, state: State, source: str) -> None:
        self._state = state
        self.source = source

    def owed(
        self,
        kind: str,
        cursors: Mapping[Numbering, int],
        *,
        since: float | None,
        within: Range = ALL,
    ) -> list[Head]:
        """The numberings of a type, and what of each a consumer is owed.

        Args:
            kind: The event type; `*` is every type.
            cursors: How far the consumer has come.
            since: Of a numbering without a cursor it is owed what happened from this Unix time on;
                None: everything.
            within: Which numberings count.
        """
        with self._state.read() as db:
            return [
                _owed(db, Head(stream, epoch, 0, last), cursors.get((stream, epoch)), since)
                for stream, epoch, last in self._heads(db, kind, within)
            ]

    def closed(self, kind: str, within: Range = ALL) -> list[Cursor]:
        """The numberings of a type that will not grow any more, each with its last sequence."""
        with self._state.read() as db:
            heads = self._heads(db, kind, within)
        return [head for head in heads if head[1] != self._state.epoch]

    def by_age(self, heads: Iterable[Head]) -> list[Head]:
        """Those of which something is owed, the one with the oldest such event first.

        So of a stream all that is owed of an older numbering stands before a newer one.
        """
        first = (
            "SELECT position FROM journal WHERE stream = ? AND epoch = ? AND sequence > ?"
            " ORDER BY sequence LIMIT 1"
        )
        owed = [head for head in heads if head.after < head.last]
        with self._state.read() as db:
            ages = [
                db.execute(first, (head.stream, head.epoch, head.after)).fetchone() for head in owed
            ]
        pairs = [(age, head) for age, head in zip(ages, owed, strict=True) if age]
        return [head for _, head in sorted(pairs, key=lambda pair: pair[0])]

    def page(self, head: Head, limit: int) -> list[tuple[int, bytes]]:
        """What a head owes, oldest first: the sequence of each event, and what was published.

        What was journaled since the head was read belongs to a later reply.
        """
        query = (
            "SELECT sequence, payload FROM journal WHERE stream = ? AND epoch = ?"
            " AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?"
        )
        owed = (head.stream, head.epoch, head.after, head.last, limit)
        with self._state.read() as db:
            return db.execute(query, owed).fetchall()

    def is_behind(self, cursors: Mapping[Numbering, int]) -> bool:
        """Whether a consumer has had more than the journal holds.

        Then the journal is an older copy, or somebody forges events, or queries: a new numbering
        helps in each case.
        """
        with self._state.read() as db:
            return any(
                sequence > (_last(db, stream, epoch) or 0)
                for (stream, epoch), sequence in cursors.items()
                if epoch == self._state.epoch and streams.source_of(stream) == self.source
            )

    def forgotten(self, cursors: Mapping[Numbering, int]) -> list[Numbering]:
        """The cursors' numberings that were this journal's, and of which nothing is left."""
        own = [key for key in cursors if streams.source_of(key[0]) == self.source]
        with self._state.read() as db:
            return [key for key in own if _last(db, *key) is None]

    def is_current(self, head: Head) -> bool:
        """Whether its numbering may still grow."""
        return head.epoch == self._state.epoch

    def _heads(self, db: sqlite3.Connection, kind: str, within: Range) -> list[Cursor]:
        """The own numberings of a type, each with its last sequence."""
        where, values = condition(within)
        heads = db.execute(f"SELECT stream, epoch, sequence FROM head WHERE {where}", values)
        return [
            head
            for head in heads
            if streams.source_of(head[0]) == self.source and streams.is_of(head[0], kind)
        ]


def _last(db: sqlite3.Connection, stream: str, epoch: str) -> int | None:
    row = db.execute(LAST, (stream, epoch)).fetchone()
    return row[0] if row else None


def _owed(db: sqlite3.Connection, head: Head, cursor: int | None, since: float | None) -> Head:
    numbering = "FROM journal WHERE stream = ? AND epoch = ?"
    key = (head.stream, head.epoch)
    (first,) = db.execute(f"SELECT MIN(sequence) {numbering}", key).fetchone()
    removed = head.last if first is None else first - 1
    if cursor is None and since is not None:
        older = f"SELECT sequence {numbering} AND time < ? ORDER BY sequence DESC LIMIT 1"
        row = db.execute(older, (*key, since)).fetchone()
        cursor = row[0] if row else 0
    return replace(head, after=max(removed, cursor or 0))
