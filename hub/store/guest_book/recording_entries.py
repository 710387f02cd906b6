"""Enters what was recorded of a visit, and what a person wants to become of it."""

import sqlite3

from hub.store.guest_book.rows import Changes, add_keys, changed, is_deleted, text, wait
from hub.store.guest_book.tables import number_of
from hub.wire import topics
from hub.wire.event import Event
from hub.wire.trace_context import trace_id

PATH_LENGTH = 1000


def record(db: sqlite3.Connection, event: Event) -> Changes:
    """A picture, or a clip: it belongs to the visits of all the presses that it names."""
    path = event.data.get("path")
    if not isinstance(path, str) or not 0 < len(path) <= PATH_LENGTH:
        return []
    presses = event.data.get("presses")
    keys = list(map(text, presses)) if isinstance(presses, list) else []
    keys = keys or [trace_id(event.traceparent)]
    numbers = {key: number_of(db, key) for key in keys}
    if unknown := [key for key, number in numbers.items() if number is None]:
        wait(db, event, unknown[0])
    name = path.rpartition("/")[2]
    handler = topics.name_of(event.source)
    changes: Changes = []
    for number in set(numbers.values()):
        if number is None or is_deleted(db, number):
            continue
        row = (number, event.time.timestamp(), name, path, handler)
        db.execute("INSERT OR REPLACE INTO recording VALUES (?, ?, ?, ?, ?)", row)
        changes += changed(db, number)
    return changes


def wanted(db: sqlite3.Connection, event: Event) -> Changes:
    """A person wants the recordings of a visit deleted, or kept.

    Whoever rings after that is another visitor. The presses that were known belong to this visit,
    also if they come later.
    """
    press, action = text(event.data.get("visit")), text(event.data.get("action"))
    number = number_of(db, press)
    if number is None:
        return wait(db, event, press)
    if action == "delete":
        presses = event.data.get("presses")
        add_keys(db, number, *filter(None, map(text, presses if isinstance(presses, list) else [])))
        db.execute("UPDATE visit SET fate = 'deleting', kept = 0 WHERE number = ?", (number,))
        _delete_empty(db, number)
    else:
        kept = (action == "keep", number)
        db.execute("UPDATE visit SET kept = ? WHERE number = ?", kept)
    return changed(db, number)


def obeyed(db: sqlite3.Connection, event: Event) -> Changes:
    """A recorder has deleted files: of one visit, or shared by several."""
    files = event.data.get("files")
    if event.data.get("action") != "delete" or not isinstance(files, list):
        return []
    handler = topics.name_of(event.source)
    of_file = "FROM recording WHERE name = ? AND handler = ?"
    changes: Changes = []
    for name in map(text, files):
        numbers = db.execute(f"SELECT visit {of_file}", (name, handler)).fetchall()
        db.execute(f"DELETE {of_file}", (name, handler))
        for (number,) in numbers:
            _delete_empty(db, number)
            changes += changed(db, number)
    return changes


def _delete_empty(db: sqlite3.Connection, number: int) -> None:
    """A visit that is to be deleted is, once it has no files any more.

    Its row stays for a while, so that what comes late does not bring it back.
    """
    without = "NOT EXISTS (SELECT 1 FROM recording WHERE visit = number)"
    deleted = f"UPDATE visit SET fate = 'deleted' WHERE number = ? AND fate != '' AND {without}"
    if db.execute(deleted, (number,)).rowcount:
        db.execute("DELETE FROM reaction WHERE visit = ?", (number,))
