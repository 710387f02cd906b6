"""What all entries of the guest book have in common: the keys of visits, and what waits."""

import sqlite3
from collections.abc import Iterable

from hub.store.guest_book.visit import Change, ChangeKind
from hub.wire.event import Event, decode, encode
from hub.wire.trace_context import trace_id

TEXT_LENGTH = 500
MOST_EARLY = 5000  # events that wait: a month of them, should their presses be read last
Changes = list[Change]


def changed(db: sqlite3.Connection, number: int, kind: ChangeKind = "visit") -> Changes:
    """A visit has changed."""
    (visit,) = db.execute("SELECT id FROM visit WHERE number = ?", (number,)).fetchone()
    return [Change(kind, visit)]


def add_keys(db: sqlite3.Connection, number: int, *keys: str) -> None:
    """These presses, answers and traces belong to a visit."""
    rows = [(key, number) for key in keys]
    db.executemany("INSERT OR IGNORE INTO visit_key VALUES (?, ?)", rows)


def wait(db: sqlite3.Connection, event: Event, key: str) -> Changes:
    """Have an event wait for the press that it is about; the last ones may, however old they are.

    After an outage the journals of many days are read, each in its turn.
    """
    row = (event.id, key, event.time.timestamp(), encode(event))
    db.execute("INSERT OR REPLACE INTO early (id, key, time, payload) VALUES (?, ?, ?, ?)", row)
    beyond = "number <= (SELECT MAX(number) FROM early) - ?"
    db.execute(f"DELETE FROM early WHERE {beyond}", (MOST_EARLY,))
    return []


def take_early(db: sqlite3.Connection, press: Event) -> Iterable[Event]:
    """The events that have waited for a press, the oldest first; they wait no more.

    An answer that names no press is about one before it.
    """
    keys = (press.id, trace_id(press.traceparent), door_key(press.subject))
    values = (*keys, press.time.timestamp())
    found = "FROM early WHERE key IN (?, ?) OR (key = ? AND time >= ?)"
    rows = db.execute(f"SELECT payload {found} ORDER BY time", values).fetchall()
    if rows:
        db.execute(f"DELETE {found}", values)
    return [decode(payload) for (payload,) in rows]


def door_key(door: str) -> str:
    """The key under which an answer to whoever rings at a door waits."""
    return f"door {door}"


def is_deleted(db: sqlite3.Connection, number: int) -> bool:
    """Whether a person has deleted the visit."""
    deleted = "SELECT 1 FROM visit WHERE number = ? AND fate = 'deleted'"
    return db.execute(deleted, (number,)).fetchone() is not None


def text(value: object) -> str:
    """What is a text, cut; else nothing."""
    return value[:TEXT_LENGTH] if isinstance(value, str) else ""
