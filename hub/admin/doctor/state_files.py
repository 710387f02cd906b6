"""A state file from outside: whether it is sound, and what waits in it."""

import math
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hub.store.history import open_to_read

STEPS = 1000  # of SQLite's virtual machine: some milliseconds


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
        hubs: The hubs of which it knows events, by name.
    """

    bytes: int
    schema: int
    damage: str
    events: int = 0
    unpublished: int = 0
    oldest_unix_s: float | None = None
    dead: int = 0
    hubs: frozenset[str] = frozenset()


class LargeBookError(BookError):
    """There was not the time to read all of it."""


class DamagedBookError(BookError):
    """It is no database, or a damaged one."""


class NewerBookError(BookError):
    """A newer doorbell has written it."""


BOOK_ERRORS: dict[int | None, type[BookError]] = {
    sqlite3.SQLITE_INTERRUPT: LargeBookError,
    sqlite3.SQLITE_CORRUPT: DamagedBookError,
    sqlite3.SQLITE_NOTADB: DamagedBookError,
}


def look(path: Path, until_s: float = math.inf) -> Book:
    """Look into a state file; whoever runs on it is not disturbed.

    Args:
        path: The file.
        until_s: By then (time.monotonic()) it must be done.

    Raises:
        LargeBookError: it was not.
        DamagedBookError: it is no database, or damaged.
        NewerBookError: a newer doorbell has written it.
        BookError: it cannot be opened.
    """
    try:
        if _rests(path):
            facts, book = _facts(path), _look(path, until_s, at_rest=True)
            if _rests(path) and facts == _facts(path):
                return book  # else somebody has begun to write in it meanwhile
        return _look(path, until_s)
    except sqlite3.NotSupportedError as error:
        raise NewerBookError(str(error)) from error
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        raise BOOK_ERRORS.get(code, BookError)(str(error)) from error


def _rests(path: Path) -> bool:
    """Whether nobody has it open: who has, or was cut off, leaves a write-ahead log beside it."""
    return not path.with_name(f"{path.name}-wal").exists()


def _facts(path: Path) -> tuple[int, int, int]:
    facts = path.stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _look(path: Path, until_s: float, *, at_rest: bool = False) -> Book:
    size = sum(
        one.stat().st_size for one in (path, path.with_name(f"{path.name}-wal")) if one.exists()
    )
    with closing(open_to_read(path, at_rest=at_rest)) as db:
        db.set_progress_handler(lambda: time.monotonic() > until_s, STEPS)
        (schema,) = db.execute("PRAGMA user_version").fetchone()
        # https://sqlite.org/pragma.html#pragma_quick_check: `ok`, or a row for each fault.
        faults = [row[0] for row in db.execute("PRAGMA quick_check(3)")]
        if faults != ["ok"] or not schema:
            return Book(size, schema, "; ".join(faults) if faults != ["ok"] else "")
        (events,) = db.execute("SELECT COUNT(*) FROM journal").fetchone()
        waiting, oldest = db.execute(
            "SELECT COUNT(*), MIN(time) FROM journal WHERE published = 0"
        ).fetchone()
        (dead,) = db.execute("SELECT COUNT(*) FROM inbox WHERE state = 'dead'").fetchone()
        # Before schema 5 the first column is a topic, and no stream.
        heard = [re.split("[/ ]", row[0]) for row in db.execute("SELECT * FROM cursor")]
    hubs = frozenset(name for _, role, name, *_ in heard if role == "hub")
    return Book(size, schema, "", events, waiting, oldest, dead, hubs)
