"""A handler's inbox as somebody else than its process sees it: dead letters, and events that shall come again.

The handler may be running meanwhile: each change is one transaction, and its loop looks into its file, not into memory.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.store.inbox_rows import KEY
from hub.store.schema import SCHEMA_VERSION
from hub.store.state_file import BUSY_S
from hub.wire.event import Event, decode, encode

NEW, IN_HAND, DEAD = "new", "in hand", "dead"
# Due at once on any clock; what it went through before does not count any more.
WAITING = (
    "state = 'waiting', attempts = 0, crashes = 0, due = 0, due_unix = ?, wait_s = 0, any_age = ?"
)

PUT = (
    "INSERT OR REPLACE INTO inbox (stream, epoch, sequence, payload, state, due, due_unix, wait_s, any_age)"
    " VALUES (?, ?, ?, ?, 'waiting', 0, ?, 0, ?)"
)


class InboxError(RuntimeError):
    """A handler's inbox cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a handler gave up.

    Attributes:
        stream: Of the event, or of the timer that it is.
        attempts: How often it was tried.
    """

    handler: str
    stream: str
    event: Event
    attempts: int
    reason: str

    @property
    def is_timer(self) -> bool:
        """Whether the handler asked for it itself."""
        return self.stream != self.event.stream


class InboxFile:
    """The inbox in a handler's state file."""

    def __init__(self, path: Path) -> None:
        """Look at a file; it is opened for each question anew.

        Raises:
            InboxError: there is none, or it is of another version.
        """
        self._path, self.handler = path, path.stem
        if not path.is_file():
            raise InboxError(
                f"{path}: there is no such file: {path.stem} has never run here. Start it once"
            )
        with self._open("ro") as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            what = (
                "Start the handler once, it brings it up to date"
                if version < SCHEMA_VERSION
                else "Update this one"
            )
            raise InboxError(
                f"{path}: written by another version of doorbell (schema {version}). {what}"
            )

    def dead(self) -> list[DeadLetter]:
        """All dead letters, the oldest event first."""
        with self._open("ro") as db:
            rows = db.execute(
                "SELECT stream, payload, attempts, reason FROM inbox WHERE state = 'dead'"
            ).fetchall()
        letters = [
            DeadLetter(self.handler, stream, decode(load), attempts, why)
            for stream, load, attempts, why in rows
        ]
        return sorted(letters, key=lambda letter: letter.event.time)

    def send_again(self, letter: DeadLetter, *, any_age: bool) -> bool:
        """Have it tried anew; its reason stays with it until then. False when it is no dead letter any more."""
        with self._write() as db:
            again = f"UPDATE inbox SET {WAITING} WHERE {KEY} AND state = 'dead'"  # noqa: S608
            return (
                db.execute(
                    again, (time.time(), any_age, *_key(letter.event, letter.stream))
                ).rowcount
                > 0
            )

    def drop(self, letter: DeadLetter) -> bool:
        """Be done with it. False when it is no dead letter any more."""
        key = _key(letter.event, letter.stream)
        with self._write() as db:
            query = "SELECT 1 FROM cursor WHERE stream = ? AND epoch = ? AND sequence >= ?"
            taken = letter.is_timer or db.execute(query, key).fetchone()
            # As Inbox.finish: ahead of the cursor the row is what remembers that the event was taken.
            change = (
                "DELETE FROM inbox" if taken else "UPDATE inbox SET state = 'done', payload = NULL"
            )
            return db.execute(f"{change} WHERE {KEY} AND state = 'dead'", key).rowcount > 0

    def fate(self, event: Event) -> str:
        """What is with an event now: in hand, dead, or neither."""
        with self._open("ro") as db:
            return _fate(db, event)

    def put(self, event: Event, *, any_age: bool) -> str:
        """Have the handler react to an event, again if it has already; gives what was with it until now."""
        with self._write() as db:
            fate = _fate(db, event)
            if (
                fate == NEW
            ):  # never taken, or done with: either way the row is made anew, and finished like any other
                key, now = _key(event, event.stream), time.time()
                db.execute(PUT, (*key, encode(event), now, any_age))
        return fate

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._open("rw") as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        db = None
        try:
            where = f"{self._path.resolve().as_uri()}?mode={mode}"
            db = sqlite3.connect(where, uri=True, timeout=BUSY_S, isolation_level=None)
            yield db
        except sqlite3.Error as error:
            words = f"{self._path}: {error}. Run the command as the user that runs doorbell, and look at the disk"
            raise InboxError(words) from error
        finally:
            if db:
                db.close()  # what was not committed is undone


def _key(event: Event, stream: str) -> tuple[str, str, int]:
    return stream, event.epoch, event.sequence


def _fate(db: sqlite3.Connection, event: Event) -> str:
    row = db.execute(f"SELECT state FROM inbox WHERE {KEY}", _key(event, event.stream)).fetchone()  # noqa: S608
    if row is None or row[0] == "done":
        return NEW
    return DEAD if row[0] == "dead" else IN_HAND
