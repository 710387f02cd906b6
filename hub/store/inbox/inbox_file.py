"""A handler's inbox as commands see it: dead letters, and events that shall come again.

The handler may be running meanwhile. Each change is one transaction, and the handler reads its
inbox from the file, not from memory.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.store.file.schema import SCHEMA_VERSION
from hub.store.file.state_file import BUSY_S
from hub.store.inbox_rows import KEY
from hub.system.files.folder_owner import acting_for
from hub.wire.event import Event, decode, encode
from hub.wire.streams import Key

NEW = "new"
IN_HAND = "in hand"
DEAD = "dead"
# Due at once on any clock, with all its attempts. And `wanted`: what may have been done before
# makes it no redelivery, because a person wants it done.
RETRY = (
    "UPDATE inbox SET state = 'wanted', attempts = 0, crashes = 0, due = 0, due_unix = ?,"
    f" wait_s = 0, any_age = ? WHERE {KEY} AND state = 'dead'"
)
PUT = (
    "INSERT OR REPLACE INTO inbox (stream, epoch, sequence, payload, state, due, due_unix, wait_s,"
    " any_age) VALUES (?, ?, ?, ?, 'wanted', 0, ?, 0, ?)"
)


class InboxError(RuntimeError):
    """A handler's inbox cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a handler gave up.

    Attributes:
        handler: The handler's name.
        stream: The stream of the event, or of the timer that it is.
        event: The event.
        attempts: How often it was tried.
        reason: Why the last attempt failed.
    """

    handler: str
    stream: str
    event: Event
    attempts: int
    reason: str

    @property
    def is_timer(self) -> bool:
        """Whether the handler set it itself, with `later`."""
        return self.stream != self.event.stream

    @property
    def key(self) -> Key:
        """The key of its row in the inbox."""
        return self.stream, self.event.epoch, self.event.sequence


class InboxFile:
    """The inbox in a handler's state file. The file is opened anew for each call."""

    def __init__(self, path: Path) -> None:
        """Check the file.

        Raises:
            InboxError: there is none, or another version of doorbell wrote it.
        """
        self._path = path
        self.handler = path.stem
        if not path.is_file():
            raise InboxError(
                f"{path}: there is no such file: {path.stem} has never run here. Start it once"
            )
        with self._open("ro") as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            return
        hint = "Update this one"
        if version < SCHEMA_VERSION:
            hint = "Start the handler once, it brings the file up to date"
        raise InboxError(
            f"{path}: written by another version of doorbell (schema {version}). {hint}"
        )

    def dead(self) -> list[DeadLetter]:
        """All dead letters, the oldest event first."""
        query = "SELECT stream, payload, attempts, reason FROM inbox WHERE state = 'dead'"
        with self._open("ro") as db:
            rows = db.execute(query).fetchall()
        letters = [
            DeadLetter(self.handler, stream, decode(payload), attempts, reason)
            for stream, payload, attempts, reason in rows
        ]
        return sorted(letters, key=lambda letter: letter.event.time)

    def retry(self, letter: DeadLetter, *, any_age: bool) -> bool:
        """Have a dead letter tried anew; its reason stays with it until then.

        Args:
            letter: The dead letter.
            any_age: Whether it is tried even if it is older than the handler's `max_age_s`.

        Returns:
            False if it is no dead letter any more.
        """
        with self._write() as db:
            return db.execute(RETRY, (time.time(), any_age, *letter.key)).rowcount > 0

    def discard(self, letter: DeadLetter) -> bool:
        """Finish a dead letter, as `Inbox.finish` does; False if it is no dead letter any more."""
        with self._write() as db:
            query = "SELECT 1 FROM cursor WHERE stream = ? AND epoch = ? AND sequence >= ?"
            is_passed = letter.is_timer or db.execute(query, letter.key).fetchone()
            # Ahead of the cursor the row stays: it says that the event was taken.
            change = "UPDATE inbox SET state = 'done', payload = NULL"
            if is_passed:
                change = "DELETE FROM inbox"
            return db.execute(f"{change} WHERE {KEY} AND state = 'dead'", letter.key).rowcount > 0

    def fate(self, event: Event) -> str:
        """Where an event is now: IN_HAND, DEAD, or NEW if it was never taken or is finished."""
        with self._open("ro") as db:
            return _fate(db, event)

    def put(self, event: Event, *, any_age: bool) -> str:
        """Have the handler react to an event, even if it has reacted to it before.

        Args:
            event: The event.
            any_age: Whether it is handled even if it is older than the handler's `max_age_s`.

        Returns:
            Where the event was until now, as `fate` says it; it was put there only if it was NEW.
        """
        with self._write() as db:
            fate = _fate(db, event)
            if fate == NEW:
                db.execute(PUT, (*event.key, encode(event), time.time(), any_age))
        return fate

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._open("rw") as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        uri = f"{self._path.resolve().as_uri()}?mode={mode}"
        try:
            with (
                acting_for(self._path.parent),  # SQLite makes files beside it
                # A transaction that is not committed is undone when the file is closed.
                closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)) as db,
            ):
                yield db
        except sqlite3.Error as error:
            hint = "Run the command as the user that runs doorbell, and look at the disk"
            raise InboxError(f"{self._path}: {error}. {hint}") from error


def _fate(db: sqlite3.Connection, event: Event) -> str:
    row = db.execute(f"SELECT state FROM inbox WHERE {KEY}", event.key).fetchone()
    if row is None or row[0] == "done":
        return NEW
    return DEAD if row[0] == "dead" else IN_HAND
