"""Enters what was recorded of a visit, and what a person wants to become of it."""

import re
import sqlite3
from collections.abc import Collection

from devices.video.media_folder import OURS
from hub.store.guest_book.rows import Changes, add_keys, changed, is_deleted, text, wait
from hub.store.guest_book.tables import number_of
from hub.wire import topics
from hub.wire.event import Event
from hub.wire.recordings import FILE, FILE_LENGTH
from hub.wire.trace_context import trace_id

PATH_LENGTH = 1000
KEPT_ELSEWHERE = (
    "SELECT own.name FROM recording AS own JOIN recording AS other USING (name, handler)"
    " JOIN visit ON visit.number = other.visit AND visit.kept"
    " WHERE own.visit = ? AND other.visit != own.visit"
)


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
        delete_empty(db, number)
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
            delete_empty(db, number)
            changes += changed(db, number)
    return changes


def staying(db: sqlite3.Connection, number: int | None) -> list[str]:
    """The names of the files that stay when a visit is deleted or released.

    Another visit that is kept has them too, or no command can name them.
    """
    names = db.execute("SELECT name FROM recording WHERE visit = ?", (number,))
    found = {name for (name,) in names if not can_be_named(name)}
    found.update(name for (name,) in db.execute(KEPT_ELSEWHERE, (number,)))
    return sorted(found)


def can_be_named(name: str) -> bool:
    """Whether a command can name a file, and a recorder of ours would obey."""
    is_short = len(name) <= FILE_LENGTH
    return is_short and bool(OURS.fullmatch(name)) and bool(re.fullmatch(FILE, name))


def wait_only_for(db: sqlite3.Connection, handlers: Collection[str]) -> Changes:
    """In the open transaction: wait for no recorder that was removed from the house."""
    select = (
        "SELECT DISTINCT number, handler FROM visit JOIN recording ON visit = number"
        " WHERE fate = 'deleting'"
    )
    changes: Changes = []
    for number, handler in db.execute(select).fetchall():
        if handler not in handlers:
            db.execute("DELETE FROM recording WHERE visit = ? AND handler = ?", (number, handler))
            delete_empty(db, number)
            changes += changed(db, number)
    return changes


def delete_empty(db: sqlite3.Connection, number: int) -> None:
    """A visit that is to be deleted is, once it has no files any more but those that stay.

    Its row stays for a while, so that what comes late does not bring it back.
    """
    if not db.execute("SELECT 1 FROM visit WHERE number = ? AND fate != ''", (number,)).fetchone():
        return
    leave = "DELETE FROM recording WHERE visit = ? AND name = ?"
    db.executemany(leave, [(number, name) for name in staying(db, number)])
    without = "NOT EXISTS (SELECT 1 FROM recording WHERE visit = number)"
    deleted = f"UPDATE visit SET fate = 'deleted' WHERE number = ? AND fate != '' AND {without}"
    if db.execute(deleted, (number,)).rowcount:
        db.execute("DELETE FROM reaction WHERE visit = ?", (number,))
