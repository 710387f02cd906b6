"""Looks things up in the guest book: visits, their reactions, the days on which somebody rang."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hub.store.guest_book import tables
from hub.store.guest_book.rules import VisitRules
from hub.store.guest_book.visit import Reaction, Visit

PICTURE = ".jpg"
CLIP = ".mp4"
COLUMNS = (
    "number, id, hub, door, name, began, last, presses, state, answer, by, ended, late, kept, fate"
)


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """A file of a visit, as its recorder named it. Whether it is there is not known.

    Attributes:
        path: As the event says it.
        handler: The handler that recorded it.
    """

    path: str
    handler: str


class LookUp:
    """Reads the tables; `now_s` is the time in Unix seconds."""

    def __init__(self, rules: VisitRules) -> None:
        self._rules = rules

    def visits(
        self,
        db: sqlite3.Connection,
        *,
        door: str | None,
        day: date | None,
        before: str | None,
        limit: int,
        now_s: float,
    ) -> list[Visit]:
        """See GuestBook."""
        wheres = ["fate != 'deleted'"]
        values: list[object] = []
        if door is not None:
            wheres.append("door = ?")
            values.append(door)
        if day is not None:
            wheres.append("began >= ? AND began < ?")
            values += [_midnight_s(day), _midnight_s(day + timedelta(days=1))]
        if before is not None:
            wheres.append("(began, number) < (SELECT began, number FROM visit WHERE number = ?)")
            values.append(tables.number_of(db, before))
        where = " AND ".join(wheres)
        select = f"SELECT {COLUMNS} FROM visit WHERE {where} ORDER BY began DESC, number DESC"
        rows = db.execute(f"{select} LIMIT ?", (*values, limit)).fetchall()
        return [self._visit(db, row, now_s) for row in rows]

    def visit(self, db: sqlite3.Connection, press: str, now_s: float) -> Visit | None:
        """See GuestBook."""
        select = f"SELECT {COLUMNS} FROM visit WHERE number = ? AND fate != 'deleted'"
        row = db.execute(select, (tables.number_of(db, press),)).fetchone()
        return self._visit(db, row, now_s) if row else None

    def reactions(self, db: sqlite3.Connection, press: str) -> list[Reaction]:
        """See GuestBook."""
        columns = "handler, type, outcome, at, after_s, took_s, note, attempt"
        select = f"SELECT {columns} FROM reaction WHERE visit = ? ORDER BY at"
        return [
            Reaction(
                handler=handler,
                type=kind,
                outcome=outcome,
                at=_utc(at),
                after_s=after_s,
                took_s=took_s,
                note=note,
                attempt=attempt,
            )
            for handler, kind, outcome, at, after_s, took_s, note, attempt in db.execute(
                select, (tables.number_of(db, press),)
            )
        ]

    def recordings(
        self, db: sqlite3.Connection, press: str, ending: str = ""
    ) -> list[KeptRecording]:
        """The files of a visit with this ending, the newest first."""
        return _recordings(db, tables.number_of(db, press), ending)

    def presses(self, db: sqlite3.Connection, press: str, most: int) -> list[str]:
        """The ids of the last presses of a visit, and of its answers.

        The keys of a visit are these and trace ids, which have 32 letters and no hyphen.
        """
        is_id = "(key LIKE '%-%' OR LENGTH(key) != 32)"
        keys = f"SELECT key FROM visit_key WHERE visit = ? AND {is_id} ORDER BY key DESC LIMIT ?"
        number = tables.number_of(db, press)
        return [key for (key,) in db.execute(keys, (number, most))]

    def _visit(self, db: sqlite3.Connection, row: Sequence[object], now_s: float) -> Visit:
        number, press, hub, door, name, began, last, presses, state, *rest = row
        answer, by, ended, late, kept, fate = rest
        rules = self._rules
        if state == "ringing" and now_s > last + rules.over_after_s:  # type: ignore[operator]
            state, ended = "missed", last + rules.missed_after_s  # type: ignore[operator]
        return Visit(
            id=press,  # type: ignore[arg-type]
            hub=hub,  # type: ignore[arg-type]
            door=door,  # type: ignore[arg-type]
            door_name=name,  # type: ignore[arg-type]
            began=_utc(began),
            last=_utc(last),
            presses=presses,  # type: ignore[arg-type]
            state=state,  # type: ignore[arg-type]
            answer=answer,  # type: ignore[arg-type]
            by=by,  # type: ignore[arg-type]
            ended=None if ended is None else _utc(ended),
            is_late=bool(late),
            has_picture=bool(_recordings(db, number, PICTURE)),
            has_clip=bool(_recordings(db, number, CLIP)),
            is_kept=bool(kept),
            is_deleting=fate == "deleting",
        )


def _recordings(db: sqlite3.Connection, number: object, ending: str) -> list[KeptRecording]:
    select = (
        "SELECT path, handler FROM recording WHERE visit = ? AND name LIKE ? ORDER BY time DESC"
    )
    return [KeptRecording(*row) for row in db.execute(select, (number, f"%{ending}"))]


def _utc(unix_s: object) -> datetime:
    return datetime.fromtimestamp(float(unix_s), UTC)  # type: ignore[arg-type]


def _midnight_s(day: date) -> float:
    """The beginning of a day by this machine's local time."""
    return datetime.combine(day, time()).astimezone().timestamp()
