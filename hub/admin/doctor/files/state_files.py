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


class StateFileError(RuntimeError):
    """A state file cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class StateFile:
    """What a state file holds.

    Attributes:
        bytes: Its size, with its write-ahead log.
        schema: The version of its tables.
        damage: The faults that SQLite finds; empty when it is sound.
        events: How many events are kept.
        unpublished: How many of them no broker has acknowledged.
        oldest_unix_s: When the oldest of these happened; None when there is none.
        dead: The number of dead letters.
        hubs: The names of the hubs whose events it knows.
    """

    bytes: int
    schema: int
    damage: str
    events: int = 0
    unpublished: int = 0
    oldest_unix_s: float | None = None
    dead: int = 0
    hubs: frozenset[str] = frozenset()


class TooLargeError(StateFileError):
    """It could not be read within the time."""


class DamagedError(StateFileError):
    """It is not a database, or a damaged one."""


class NewerError(StateFileError):
    """It was written by a newer doorbell."""


ERRORS: dict[int | None, type[StateFileError]] = {
    sqlite3.SQLITE_INTERRUPT: TooLargeError,
    sqlite3.SQLITE_CORRUPT: DamagedError,
    sqlite3.SQLITE_NOTADB: DamagedError,
}


def look(path: Path, until_s: float = math.inf) -> StateFile:
    """Look into a state file without disturbing its process.

    Args:
        path: The file.
        until_s: The deadline, by time.monotonic().

    Raises:
        TooLargeError: the deadline has passed.
        DamagedError: it is not a database, or damaged.
        NewerError: it was written by a newer doorbell.
        StateFileError: it cannot be opened.
    """
    try:
        if _rests(path):
            facts = _facts(path)
            found = _look(path, until_s, at_rest=True)
            if _rests(path) and facts == _facts(path):
                return found  # else a process has begun to write to it meanwhile
        return _look(path, until_s)
    except sqlite3.NotSupportedError as error:
        raise NewerError(str(error)) from error
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        raise ERRORS.get(code, StateFileError)(str(error)) from error


def _rests(path: Path) -> bool:
    """Whether no process has it open: an open file has a write-ahead log beside it."""
    return not path.with_name(f"{path.name}-wal").exists()


def _facts(path: Path) -> tuple[int, int, int]:
    facts = path.stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _look(path: Path, until_s: float, *, at_rest: bool = False) -> StateFile:
    files = (path, path.with_name(f"{path.name}-wal"))
    size = sum(file.stat().st_size for file in files if file.exists())
    with closing(open_to_read(path, at_rest=at_rest)) as db:
        db.set_progress_handler(lambda: time.monotonic() > until_s, STEPS)
        (schema,) = db.execute("PRAGMA user_version").fetchone()
        # https://sqlite.org/pragma.html#pragma_quick_check: `ok`, or a row for each fault.
        faults = [row[0] for row in db.execute("PRAGMA quick_check(3)")]
        if faults != ["ok"]:
            return StateFile(size, schema, "; ".join(faults))
        if not schema:
            return StateFile(size, schema, "")
        (events,) = db.execute("SELECT COUNT(*) FROM journal").fetchone()
        waiting, oldest = db.execute(
            "SELECT COUNT(*), MIN(time) FROM journal WHERE published = 0"
        ).fetchone()
        (dead,) = db.execute("SELECT COUNT(*) FROM inbox WHERE state = 'dead'").fetchone()
        # Before schema 5 the first column is a topic, not a stream.
        heard = [re.split("[/ ]", row[0]) for row in db.execute("SELECT * FROM cursor")]
    hubs = frozenset(name for _, role, name, *_ in heard if role == "hub")
    return StateFile(size, schema, "", events, waiting, oldest, dead, hubs)
