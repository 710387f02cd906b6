"""What all entries of the guest book have in common: the keys of visits, and what waits."""

import sqlite3
from collections.abc import Iterable

from hub.store.guest_book.visit import Change, ChangeKind
from hub.wire.event import Event, decode, encode

TEXT_LENGTH = 500
EARLY_S = 86_400.0  # an event that waits so long for its press will not get it
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
    """Have an event wait for the press that it is about."""
    row = (event.id, key, event.time.timestamp(), encode(event))
    db.execute("INSERT OR REPLACE INTO early VALUES (?, ?, ?, ?)", row)
    db.execute("DELETE FROM early WHERE time < ?", (event.time.timestamp() - EARLY_S,))
    return []


def take_early(db: sqlite3.Connection, *keys: str) -> Iterable[Event]:
    """The events that have waited for a press, the oldest first; they wait no more."""
    marks = ", ".join("?" * len(keys))
    found = f"FROM early WHERE key IN ({marks})"
    rows = db.execute(f"SELECT payload {found} ORDER BY time", keys).fetchall()
    if rows:
        db.execute(f"DELETE {found}", keys)
    return [decode(payload) for (payload,) in rows]


def is_deleted(db: sqlite3.Connection, number: int) -> bool:
    """Whether a person has deleted the visit."""
    deleted = "SELECT 1 FROM visit WHERE number = ? AND fate = 'deleted'"
    return db.execute(deleted, (number,)).fetchone() is not None


def text(value: object) -> str:
    """What is a text, cut; else nothing."""
    return value[:TEXT_LENGTH] if isinstance(value, str) else ""
