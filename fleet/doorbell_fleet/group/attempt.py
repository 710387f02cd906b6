"""One run of a handler's function in a member: what it emits and remembers, until it returns."""

import json
from collections.abc import Callable, Container, Iterator, Mapping, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from hub.runtime import BadEvent, Event, child_trace, decode, encode, fault_in, stream_of, uuid7

UNNUMBERED = "0" * 16  # an epoch, until an event has a number
TIMER = "later"  # stands for a source in the stream of a timer, as in a house
PUT = (
    "INSERT INTO doorbell.memory VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (grp, house, key) DO UPDATE SET value = EXCLUDED.value"
)
SET_TIMER = (
    "INSERT INTO doorbell.inbox"
    " (grp, house, stream, epoch, sequence, state, attempts, due, payload)"
    " SELECT %(grp)s, %(house)s, %(stream)s, %(epoch)s, COALESCE(MAX(sequence), 0) + 1,"
    " 'waiting', 0, now() + %(wait)s, %(payload)s FROM doorbell.inbox"
    " WHERE grp = %(grp)s AND house = %(house)s AND stream = %(stream)s"
)
DROP_TIMER = (
    "DELETE FROM doorbell.inbox WHERE grp = %s AND house = %s AND stream = %s AND state = 'waiting'"
)


class Place(NamedTuple):
    """Whose state it is.

    Attributes:
        group: The handler.
        house: The house that the event comes from: each has a memory of its own.
    """

    group: str
    house: str


class Memory(MutableMapping[str, Any]):
    """What the handler remembers of one house. Changes count with the transaction.

    A key is read when it is asked for: a house with ten thousand doors may remember as many.
    """

    def __init__(self, db: psycopg.Connection, place: Place) -> None:
        self._db = db
        self._place = place
        self._known: dict[str, str | None] = {}  # None: it is not there
        self._is_whole = False
        self._changes: dict[str, str | None] = {}

    def __getitem__(self, key: str) -> Any:
        text = self._text(key)
        if text is None:
            raise KeyError(key)
        return json.loads(text)

    def __setitem__(self, key: str, value: Any) -> None:
        self._known[key] = self._changes[key] = json.dumps(value)

    def __delitem__(self, key: str) -> None:
        if self._text(key) is None:
            raise KeyError(key)
        self._known[key] = self._changes[key] = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())

    def write(self, db: psycopg.Connection) -> None:
        """Write the changes, in the open transaction."""
        remove = "DELETE FROM doorbell.memory WHERE grp = %s AND house = %s AND key = %s"
        for key, text in self._changes.items():
            if text is None:
                db.execute(remove, (*self._place, key))
            else:
                db.execute(PUT, (*self._place, key, text))

    def written(self) -> None:
        """What was written is committed."""
        self._changes.clear()

    def _text(self, key: str) -> str | None:
        if key not in self._known and not self._is_whole:
            query = "SELECT value FROM doorbell.memory WHERE grp = %s AND house = %s AND key = %s"
            row = self._db.execute(query, (*self._place, key)).fetchone()
            self._known[key] = row[0] if row else None
        return self._known.get(key)

    def _keys(self) -> list[str]:
        if not self._is_whole:
            query = "SELECT key, value FROM doorbell.memory WHERE grp = %s AND house = %s"
            rows = self._db.execute(query, self._place).fetchall()
            self._known = dict(rows) | self._known
            self._is_whole = True
        return sorted(key for key, text in self._known.items() if text is not None)


class GroupAttempt:
    """See `hub.runtime.Attempt`."""

    def __init__(
        self,
        event: Event,
        source: str,
        place: Place,
        *,
        db: psycopg.Connection,
        side: Callable[[], psycopg.Connection],
        reacts_to: Container[str],
    ) -> None:
        """Begin.

        Args:
            event: What is handled.
            source: The handler.
            place: Whose state it is.
            db: The connection of the transaction in which the outcome will be.
            side: Gives another connection, for `checkpoint`.
            reacts_to: The types that the file reacts to.
        """
        self.event = event
        self.memory = Memory(db, place)
        self.emitted: list[tuple[str, str, Mapping[str, Any]]] = []
        self._timers: dict[str, tuple[Event, float]] = {}
        self._source = source
        self._place = place
        self._side = side
        self._reacts_to = reacts_to

    def emit(self, kind: str, subject: str, data: Mapping[str, Any]) -> None:
        """See Attempt."""
        self.emitted.append((kind, subject, self._event(kind, subject, data).data))

    def later(self, kind: str, subject: str, data: Mapping[str, Any], after_s: float) -> None:
        """See Attempt."""
        if kind not in self._reacts_to and "*" not in self._reacts_to:
            hint = f'Add a function with @handler("{kind}")'
            raise BadEvent(f"{kind}: this file does not react to it. {hint}")
        timer = self._event(kind, subject, data)
        due = datetime.now(UTC) + timedelta(seconds=after_s)
        self._timers[stream_of(TIMER, kind, subject)] = (replace(timer, time=due), after_s)

    def keep(self, days: float) -> None:
        """Nothing: a fleet keeps events in Kafka, by the retention of the topic."""

    def checkpoint(self) -> None:
        """See Attempt. The house's lock is held meanwhile, so nobody else writes there."""
        side = self._side()
        with side.transaction():
            self.write(side)
        self.memory.written()
        self._timers.clear()

    def write(self, db: psycopg.Connection) -> None:
        """Write memory and timers, in the open transaction."""
        self.memory.write(db)
        for stream, (timer, after_s) in self._timers.items():
            db.execute(DROP_TIMER, (*self._place, stream))
            values = {**self._place._asdict(), "grp": self._place.group, "stream": stream}
            values |= {"epoch": timer.epoch, "wait": timedelta(seconds=after_s)}
            db.execute(SET_TIMER, values | {"payload": encode(timer)})

    def _event(self, kind: str, subject: str, data: Mapping[str, Any]) -> Event:
        if fault := fault_in(self._source, kind, subject):
            raise BadEvent(f"{kind}: {fault}")
        event = following(self.event, self._source, kind, subject, data)
        return decode(encode(event))  # copied: the author may change the object afterwards


def following(
    cause: Event,
    source: str,
    kind: str,
    subject: str,
    data: Mapping[str, Any],
    *,
    sequence: int = 1,
    epoch: str = UNNUMBERED,
) -> Event:
    """A new event that follows from another one, in its trace.

    Args:
        cause: What it follows from.
        source: The handler.
        kind: Its type.
        subject: What it is about.
        data: A JSON object.
        sequence: Its number, where it has one already.
        epoch: The numbering.
    """
    return Event(
        id=uuid7(),
        type=kind,
        source=source,
        subject=subject,
        time=datetime.now(UTC),
        data=data,
        sequence=sequence,
        epoch=epoch,
        traceparent=child_trace(cause.traceparent),
        cause=cause.id,
    )
