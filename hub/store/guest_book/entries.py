"""Writes each event into the guest book: presses, answers and reactions."""

import logging
import sqlite3
from collections.abc import Callable

from hub.store.guest_book import tables
from hub.store.guest_book.recording_entries import obeyed, record, wanted
from hub.store.guest_book.rows import (
    Changes,
    add_keys,
    changed,
    door_key,
    is_deleted,
    take_early,
    text,
    wait,
)
from hub.store.guest_book.rules import VisitRules
from hub.wire import topics
from hub.wire.command import SNOOZE
from hub.wire.event import Event
from hub.wire.trace_context import trace_id

log = logging.getLogger(__name__)
MOST_REACTIONS = 200  # to one visit
MOST_ATTEMPTS = 1_000_000
MOST_MS = 1e12
CAUSE_LENGTH = 12  # the end of an id tells the events of one visit apart
Enter = Callable[[sqlite3.Connection, Event], Changes]


class Entries:
    """Enters the events of a house, in whatever order they come. Each is given once.

    All is done in the transaction of the caller, who tells the changes after its commit.
    """

    def __init__(self, rules: VisitRules) -> None:
        self._rules = rules
        self._is_told = False
        self._by_type: dict[str, Enter] = {
            **dict.fromkeys(topics.PRESSES, self._press),
            topics.ANSWERED: self._answer,
            "visit.answered": self._end,
            "visit.missed": self._end,
            "snapshot.taken": record,
            "clip.recorded": record,
            topics.RECORDINGS_WANTED: wanted,
            "recordings.changed": obeyed,
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
        number = tables.number_of(db, event.id) or self._visit_at(db, event.subject, at)
        if number is None:
            name = text(event.data.get("name")) or event.subject
            visit = (event.id, topics.name_of(event.source), event.subject, name, at, at)
            columns = "id, hub, door, name, began, last, presses, state"
            insert = f"INSERT INTO visit ({columns}) VALUES (?, ?, ?, ?, ?, ?, 1, 'ringing')"
            number = int(db.execute(insert, visit).lastrowid or 0)
        else:
            add = "presses = presses + 1, began = MIN(began, ?), last = MAX(last, ?)"
            db.execute(f"UPDATE visit SET {add} WHERE number = ?", (at, at, number))
        add_keys(db, number, event.id, trace_id(event.traceparent))
        changes = changed(db, number)
        for early in take_early(db, event):
            changes += self.take(db, early)
        return changes

    def _visit_at(self, db: sqlite3.Connection, door: str, at: float) -> int | None:
        """The visit to which a press at this time belongs, as `devices.button.visits` has it."""
        gap_s, missed_after_s = self._rules.gap_s, self._rules.missed_after_s
        ends = "CASE state WHEN 'answered' THEN MAX(last, ended) + ? ELSE last + ? END"
        row = db.execute(
            "SELECT number FROM visit WHERE began BETWEEN ? AND ? AND door = ?"
            f" AND fate = '' AND ? < {ends} ORDER BY began DESC LIMIT 1",
            (at - 86_400, at + gap_s, door, at, gap_s, missed_after_s),
        ).fetchone()
        return row[0] if row else None

    def _answer(self, db: sqlite3.Connection, event: Event) -> Changes:
        answer = text(event.data.get("answer"))
        if answer == SNOOZE:
            return []
        press = text(event.data.get("press"))
        if press:
            number = tables.number_of(db, press)
        else:
            number = self._ringing_at(db, event.subject, event.time.timestamp())
        if number is None:
            return wait(db, event, press or door_key(event.subject))
        add_keys(db, number, event.id, trace_id(event.traceparent))
        said = (answer, text(event.data.get("by")), event.time.timestamp(), number)
        db.execute(
            "UPDATE visit SET state = 'answered', answer = ?, by = ?, ended = ?"
            " WHERE number = ? AND state = 'ringing'",
            said,
        )
        return changed(db, number)

    def _ringing_at(self, db: sqlite3.Connection, door: str, at: float) -> int | None:
        row = db.execute(
            "SELECT number FROM visit WHERE began BETWEEN ? AND ? AND door = ?"
            " AND ? <= last + ? AND state = 'ringing' ORDER BY began DESC LIMIT 1",
            (at - 86_400, at, door, at, self._rules.missed_after_s),
        ).fetchone()
        return row[0] if row else None

    def _end(self, db: sqlite3.Connection, event: Event) -> Changes:
        """What the handler `visit` says of a visit has the last word."""
        press = text(event.data.get("visit"))
        number = tables.number_of(db, press)
        if number is None:
            return wait(db, event, press)
        at = event.time.timestamp()
        if event.type == "visit.answered":
            answer, by = (text(event.data.get(name)) for name in ("answer", "by"))
            said = "state = 'answered', answer = ?, by = ?, ended = COALESCE(ended, ?)"
            db.execute(f"UPDATE visit SET {said} WHERE number = ?", (answer, by, at, number))
        else:
            missed = "state = 'missed', late = ?, ended = ?"
            values = (event.data.get("late") is True, at, number)
            where = "number = ? AND state != 'answered'"
            db.execute(f"UPDATE visit SET {missed} WHERE {where}", values)
        return changed(db, number)

    def _react(self, db: sqlite3.Connection, event: Event) -> Changes:
        trace = trace_id(event.traceparent)
        number = tables.number_of(db, trace)
        if number is None:
            is_of_a_visit = text(event.data.get("type")) in self._by_type
            return wait(db, event, trace) if is_of_a_visit else []
        if is_deleted(db, number):
            return []
        data = event.data
        row = (
            number,
            text(data.get("handler")) or topics.name_of(event.source),
            (event.cause or event.id)[-CAUSE_LENGTH:],
            text(data.get("type")),
            event.type.partition(".")[2],
            event.time.timestamp(),
            _seconds(data.get("started_after_ms")),
            _seconds(data.get("took_ms")),
            text(data.get("note")) or text(data.get("reason")),
            _attempt(data.get("attempt")),
        )
        if not self._has_room(db, *row[:3]):
            return []
        db.execute("INSERT OR REPLACE INTO reaction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return changed(db, number, "reaction")

    def _has_room(self, db: sqlite3.Connection, number: int, handler: str, cause: str) -> bool:
        """Whether a visit may have this reaction: a handler must not fill the disk."""
        others = "SELECT COUNT(*) FROM reaction WHERE visit = ? AND NOT (handler = ? AND cause = ?)"
        (count,) = db.execute(others, (number, handler, cause)).fetchone()
        is_full = bool(count >= MOST_REACTIONS)
        if is_full and not self._is_told:
            self._is_told = True
            words = "a visit has %d reactions: those that follow are left out, the first one by %s"
            log.warning(words, MOST_REACTIONS, handler)
        return not is_full


def _attempt(number: object) -> int:
    is_number = isinstance(number, int) and 0 < number < MOST_ATTEMPTS
    return int(number) if is_number else 1  # type: ignore[call-overload]


def _seconds(milliseconds: object) -> float | None:
    if not isinstance(milliseconds, int | float) or isinstance(milliseconds, bool):
        return None
    return milliseconds / 1000 if abs(milliseconds) < MOST_MS else None
