"""A state file from outside: whether it is sound, and what lies in it that should not lie there for long."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hub.past import open_to_read


class BookError(RuntimeError):
    """A state file cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Book:
    """What a state file holds.

    Attributes:
        bytes: Its size, with what is in its write-ahead log.
        schema: The version of its tables.
        damage: What SQLite complains of; empty when it is sound.
        events: How many are kept.
        unpublished: How many no broker has acknowledged.
        oldest_unix_s: When the oldest of these happened; None when there is none.
        dead: How many dead letters there are.
    """

    bytes: int
    schema: int
    damage: str
    events: int = 0
    unpublished: int = 0
    oldest_unix_s: float | None = None
    dead: int = 0


def look(path: Path) -> Book:
    """Look into a state file; whoever runs on it is not disturbed.

    Raises:
        BookError: it cannot be opened, or it is no database.
    """
    try:
        return _look(path)
    except (sqlite3.Error, OSError) as error:
        raise BookError(str(error)) from error


def _look(path: Path) -> Book:
    size = sum(one.stat().st_size for one in (path, path.with_name(f"{path.name}-wal")) if one.exists())
    with closing(open_to_read(path)) as db:
        (schema,) = db.execute("PRAGMA user_version").fetchone()
        # https://sqlite.org/pragma.html#pragma_quick_check: `ok`, or a row for each fault.
        faults = [row[0] for row in db.execute("PRAGMA quick_check(3)")]
        if faults != ["ok"] or not schema:
            return Book(size, schema, "; ".join(faults) if faults != ["ok"] else "")
        (events,) = db.execute("SELECT COUNT(*) FROM journal").fetchone()
        waiting, oldest = db.execute("SELECT COUNT(*), MIN(time) FROM journal WHERE published = 0").fetchone()
        (dead,) = db.execute("SELECT COUNT(*) FROM inbox WHERE state = 'dead'").fetchone()
    return Book(size, schema, "", events, waiting, oldest, dead)
