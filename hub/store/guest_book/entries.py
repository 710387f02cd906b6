"""Writes each event into the guest book: presses, answers, recordings and reactions."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from hub.store.guest_book import tables
from hub.store.guest_book.rules import VisitRules
from hub.store.guest_book.visit import Change
from hub.wire import topics
from hub.wire.event import Event, decode, encode
from hub.wire.trace_context import trace_id

TEXT_LENGTH = 500
PATH_LENGTH = 1000
EARLY_S = 86_400.0  # an event that waits so long for its press will not get it
CAUSE_LENGTH = 12  # the end of an id tells the events of one visit apart
SNOOZE = "snooze"  # an answer to the phone, not to the visitor
Changes = list[Change]


class Entries:
    """Enters the events of a house, in whatever order they come. Each is given once.

    All is done in the transaction of the caller, who tells the changes after its commit.
    """

    def __init__(self, rules: VisitRules) -> None:
        self._rules = rules
        self._by_type: dict[str, Callable[[sqlite3.Connection, Event], Changes]] = {
            **dict.fromkeys(topics.PRESSES, self._press),
            topics.ANSWERED: self._answer,
            "visit.answered": self._end,
            "visit.missed": self._end,
            "snapshot.taken": self._record,
            "clip.recorded": self._record,
            topics.RECORDINGS_WANTED: self._wish,
            "recordings.changed": self._obeyed,
            "handler.done": self._react,
            "handler.retried": self._react,
            "handler.skipped": self._react,
            "handler.dead": self._react,
        }

    def take(self, db: sqlite3.Connection, event: Event) -> Changes:
        """Write down what an event says; gives what has changed."""
        write = self._by_type.get(event.type)
        return write(db, event) if write else []

    def _press(self, db: sqlite3.Connection, event: Event) -> Changes:
        at = event.time.timestamp()
        number = self._visit_at(db, event.subject, at)
        if number is None:
            name = _text(event.data.get("name")) or event.subject
            visit = (event.id, topics.name_of(event.source), event.subject, name, at, at)
            columns = "id, hub, door, name, began, last, presses, state"
            insert = f"INSERT INTO visit ({columns}) VALUES (?, ?, ?, ?, ?, ?, 1, 'ringing')"
            number = db.execute(insert, visit).lastrowid
        else:
            add = "presses = presses + 1, began = MIN(began, ?), last = MAX(last, ?)"
            db.execute(f"UPDATE visit SET {add} WHERE number = ?", (at, at, number))
        trace = trace_id(event.traceparent)
        _add_keys(db, number, event.id, trace)
        changes = self._changed(db, number)
        for early in _take_early(db, event.id, trace, _door_key(event.subject)):
            changes += self.take(db, early)
        return changes

    def _visit_at(self, db: sqlite3.Connection, door: str, at: float) -> int | None:
        """The visit to which a press at this time belongs, as `devices.button.visits` has it."""
        gap_s, missed_after_s = self._rules.gap_s, self._rules.missed_after_s
        ends = "CASE state WHEN 'answered' THEN MAX(last, ended) + ? ELSE last + ? END"
        row = db.execute(
            "SELECT number FROM visit WHERE began BETWEEN ? AND ? AND door = ?"
            f" AND ? < {ends} ORDER BY began DESC LIMIT 1",
            (at - 86_400, at + gap_s, door, at, gap_s, missed_after_s),
        ).fetchone()
        return row[0] if row else None

    def _answer(self, db: sqlite3.Connection, event: Event) -> Changes:
        answer = _text(event.data.get("answer"))
        if answer == SNOOZE:
            return []
        press = _text(event.data.get("press"))
        if press:
            number = tables.number_of(db, press)
        else:
            number = self._ringing_at(db, event.subject, event.time.timestamp())
        if number is None:
            return _wait(db, event, press or _door_key(event.subject))
        _add_keys(db, number, event.id, trace_id(event.traceparent))
        said = (answer, _text(event.data.get("by")), event.time.timestamp(), number)
        db.execute(
            "UPDATE visit SET state = 'answered', answer = ?, by = ?, ended = ?"
            " WHERE number = ? AND state = 'ringing'",
            said,
        )
        return self._changed(db, number)

    def _ringing_at(self, db: sqlite3.Connection, door: str, at: float) -> int | None:
        row = db.execute(
            "SELECT number FROM visit WHERE began BETWEEN ? AND ? AND door = ?"
            " AND ? <= last + ? AND state = 'ringing' ORDER BY began DESC LIMIT 1",
            (at - 86_400, at, door, at, self._rules.missed_after_s),
        ).fetchone()
        return row[0] if row else None

    def _end(self, db: sqlite3.Connection, event: Event) -> Changes:
        """What the handler `visit` says of a visit has the last word."""
        press = _text(event.data.get("visit"))
        number = tables.number_of(db, press)
        if number is None:
            return _wait(db, event, press)
        at = event.time.timestamp()
        if event.type == "visit.answered":
            answer, by = (_text(event.data.get(name)) for name in ("answer", "by"))
            said = "state = 'answered', answer = ?, by = ?, ended = COALESCE(ended, ?)"
            db.execute(f"UPDATE visit SET {said} WHERE number = ?", (answer, by, at, number))
        else:
            missed = "state = 'missed', late = ?, ended = ?"
            values = (event.data.get("late") is True, at, number)
            where = "number = ? AND state != 'answered'"
            db.execute(f"UPDATE visit SET {missed} WHERE {where}", values)
        return self._changed(db, number)

    def _record(self, db: sqlite3.Connection, event: Event) -> Changes:
        """A picture, or a clip: it belongs to the visits of all the presses that it names."""
        path = event.data.get("path")
        if not isinstance(path, str) or not 0 < len(path) <= PATH_LENGTH:
            return []
        presses = event.data.get("presses")
        keys = list(map(_text, presses)) if isinstance(presses, list) else []
        keys = keys or [trace_id(event.traceparent)]
        numbers = {number for key in keys if (number := tables.number_of(db, key)) is not None}
        if not numbers:
            return _wait(db, event, keys[0])
        name = path.rpartition("/")[2]
        handler = topics.name_of(event.source)
        changes: Changes = []
        for number in numbers:
            if self._is_deleted(db, number):
                continue
            row = (number, event.time.timestamp(), name, path, handler)
            db.execute("INSERT OR REPLACE INTO recording VALUES (?, ?, ?, ?, ?)", row)
            changes += self._changed(db, number)
        return changes

    def _wish(self, db: sqlite3.Connection, event: Event) -> Changes:
        """A person wants the recordings of a visit deleted, or kept."""
        press, wish = _text(event.data.get("visit")), _text(event.data.get("wish"))
        number = tables.number_of(db, press)
        if number is None:
            return _wait(db, event, press)
        if wish == "delete":
            db.execute("UPDATE visit SET fate = 'deleting', kept = 0 WHERE number = ?", (number,))
            self._delete_empty(db, number)
        else:
            kept = (wish == "keep", number)
            db.execute("UPDATE visit SET kept = ? WHERE number = ?", kept)
        return self._changed(db, number)

    def _obeyed(self, db: sqlite3.Connection, event: Event) -> Changes:
        """A recorder has deleted files: of one visit, or shared by several."""
        files = event.data.get("files")
        if event.data.get("wish") != "delete" or not isinstance(files, list):
            return []
        handler = topics.name_of(event.source)
        of_file = "FROM recording WHERE name = ? AND handler = ?"
        changes: Changes = []
        for name in map(_text, files):
            numbers = db.execute(f"SELECT visit {of_file}", (name, handler)).fetchall()
            db.execute(f"DELETE {of_file}", (name, handler))
            for (number,) in numbers:
                self._delete_empty(db, number)
                changes += self._changed(db, number)
        return changes

    def _delete_empty(self, db: sqlite3.Connection, number: int) -> None:
        """A visit that is to be deleted is, once it has no files any more.

        Its row stays for a while, so that what comes late does not bring it back.
        """
        without = "NOT EXISTS (SELECT 1 FROM recording WHERE visit = number)"
        deleted = f"UPDATE visit SET fate = 'deleted' WHERE number = ? AND fate != '' AND {without}"
        if db.execute(deleted, (number,)).rowcount:
            db.execute("DELETE FROM reaction WHERE visit = ?", (number,))

    def _is_deleted(self, db: sqlite3.Connection, number: int) -> bool:
        deleted = "SELECT 1 FROM visit WHERE number = ? AND fate = 'deleted'"
        return db.execute(deleted, (number,)).fetchone() is not None

    def _react(self, db: sqlite3.Connection, event: Event) -> Changes:
        trace = trace_id(event.traceparent)
        number = tables.number_of(db, trace)
        if number is None:
            is_of_a_visit = _text(event.data.get("type")) in self._by_type
            return _wait(db, event, trace) if is_of_a_visit else []
        if self._is_deleted(db, number):
            return []
        data = event.data
        row = (
            number,
            _text(data.get("handler")) or topics.name_of(event.source),
            (event.cause or event.id)[-CAUSE_LENGTH:],
            _text(data.get("type")),
            event.type.partition(".")[2],
            event.time.timestamp(),
            _seconds(data.get("started_after_ms")),
            _seconds(data.get("took_ms")),
            _text(data.get("note")) or _text(data.get("reason")),
            data.get("attempt", 1),
        )
        db.execute("INSERT OR REPLACE INTO reaction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return self._changed(db, number, "reaction")

    def _changed(self, db: sqlite3.Connection, number: int | None, kind: Any = "visit") -> Changes:
        (visit,) = db.execute("SELECT id FROM visit WHERE number = ?", (number,)).fetchone()
        return [Change(kind, visit)]


def _add_keys(db: sqlite3.Connection, number: int | None, *keys: str) -> None:
    rows = [(key, number) for key in keys]
    db.executemany("INSERT OR IGNORE INTO visit_key VALUES (?, ?)", rows)


def _wait(db: sqlite3.Connection, event: Event, key: str) -> Changes:
    """Have an event wait for the press that it is about."""
    row = (event.id, key, event.time.timestamp(), encode(event))
    db.execute("INSERT OR REPLACE INTO early VALUES (?, ?, ?, ?)", row)
    db.execute("DELETE FROM early WHERE time < ?", (event.time.timestamp() - EARLY_S,))
    return []


def _take_early(db: sqlite3.Connection, *keys: str) -> Iterable[Event]:
    """The events that have waited for a press, the oldest first; they wait no more."""
    marks = ", ".join("?" * len(keys))
    found = f"FROM early WHERE key IN ({marks})"
    rows = db.execute(f"SELECT payload {found} ORDER BY time", keys).fetchall()
    if rows:
        db.execute(f"DELETE {found}", keys)
    return [decode(payload) for (payload,) in rows]


def _door_key(door: str) -> str:
    return f"door {door}"


def _text(value: object) -> str:
    return value[:TEXT_LENGTH] if isinstance(value, str) else ""


def _seconds(milliseconds: object) -> float | None:
    is_number = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
    return milliseconds / 1000 if is_number else None  # type: ignore[operator]
