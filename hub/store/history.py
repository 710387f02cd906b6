"""What was said, read from the state files of all processes while they run: journals, and the records of `log`."""

import heapq
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hub.store.schema import NewerSchemaError, version_of
from hub.store.state_file import BUSY_S
from hub.wire.event import BadEvent, Event, decode
from hub.wire.trace_context import trace_id

TIMED_SINCE = 3  # the version of the schema from which on a journal knows when
JOURNAL, RECORD = "journal", "record"
EVERY = "*"
FOLLOWERS = "instr(CAST(payload AS TEXT), ?)"


@dataclass(frozen=True, slots=True)
class JournaledEvent:
    """An event, and what its journal knows of it.

    Attributes:
        journaled_s: Seconds from the event until it was written down; None when only a record knows of it.
        acknowledged_s: Seconds from the event until the broker had it; None when it has not, or nobody noted when.
    """

    event: Event
    journaled_s: float | None = None
    acknowledged_s: float | None = None


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events are looked for; what is not set is any."""

    type: str = EVERY  # with `*` for any part of it
    door: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> tuple[str, tuple[str | float, ...]]:
        """In SQL, and its values."""
        low = self.since.timestamp() if self.since else float("-inf")
        high = self.until.timestamp() if self.until else float("inf")
        return "type GLOB ? AND time BETWEEN ? AND ?", (self.type, low, high)


@dataclass
class Past:
    """The state files of a folder.

    Attributes:
        faults: A line for each file that could not be read; the others are.
    """

    folder: Path
    faults: list[str] = field(default_factory=list)

    def events(self, wanted: EventQuery) -> Iterator[JournaledEvent]:
        """The newest first, each once."""
        seen: set[str] = set()
        sources = [self._read(*place, *wanted.condition()) for place in self._places()]
        for told in heapq.merge(*sources, key=lambda told: told.event.time, reverse=True):
            if told.event.id not in seen and wanted.door in (None, told.event.subject):
                seen.add(told.event.id)
                yield told

    def trace(self, trace: str) -> list[JournaledEvent]:
        """All of one trace, the oldest first."""
        found: dict[str, JournaledEvent] = {}
        for place in self._places():
            for told in self._read(*place, FOLLOWERS, (trace,)):
                if trace_id(told.event.traceparent) == trace:
                    found.setdefault(told.event.id, told)
        return sorted(found.values(), key=lambda told: told.event.time)

    def traces(self, name: str) -> set[str]:
        """The trace ids of what goes by this name: an event's id, its beginning or end, or a trace id."""
        like = f"id LIKE ? OR id LIKE ? OR {FOLLOWERS}"
        plain = name.replace("%", "").replace("_", "").lower()
        if not plain:
            return set()
        found: set[str] = set()
        for place in self._places():
            for told in self._read(*place, like, (f"{plain}%", f"%{plain}", f"00-{plain}")):
                trace = trace_id(told.event.traceparent)
                if plain == told.event.id:
                    return {trace}
                if (
                    told.event.id.startswith(plain)
                    or told.event.id.endswith(plain)
                    or trace.startswith(plain)
                ):
                    found.add(trace)
        return found

    def _places(self) -> list[tuple[str, Path]]:
        """Journals first: they know more of an event."""
        files = sorted(self.folder.glob("*.db"))
        return [(table, path) for table in (JOURNAL, RECORD) for path in files]

    def _read(
        self, table: str, path: Path, condition: str, values: tuple[str | float, ...]
    ) -> Iterator[JournaledEvent]:
        """What one table of a file holds under a condition, the newest first."""
        try:
            with closing(open_to_read(path)) as db:
                if query := _query(db, table):
                    for payload, journaled, acknowledged in db.execute(
                        query.format(condition), values
                    ):
                        with suppress(BadEvent):
                            yield _told(decode(payload), journaled, acknowledged)
        except (sqlite3.Error, OSError) as error:
            self.faults.append(
                f"{path}: cannot be read: {error}. Run the command as the user that runs doorbell"
            )


def open_to_read(path: Path, *, at_rest: bool = False) -> sqlite3.Connection:
    """A state file, for looking; whoever runs on it is not disturbed.

    Args:
        path: The file.
        at_rest: Nobody runs on it: SQLite need not make files of its own beside it (`immutable`, sqlite.org/uri.html).

    Raises:
        sqlite3.Error: it cannot be opened, or was written by a newer doorbell.
    """
    how = "immutable=1" if at_rest else "mode=ro"
    db = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=BUSY_S)
    try:
        version_of(db)
    except NewerSchemaError:
        db.close()
        raise
    except sqlite3.OperationalError:
        db.close()
        if at_rest or not os.statvfs(path).f_flag & os.ST_RDONLY:
            raise
        return open_to_read(
            path, at_rest=True
        )  # there nobody can write, and nothing can be made beside it
    return db


def _query(db: sqlite3.Connection, table: str) -> str:
    """What to ask a table with, but for the condition; in the order of writing, for which nothing must be sorted."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    timed = version >= TIMED_SINCE
    if table == JOURNAL and version:
        times = "journaled, acknowledged" if timed else "NULL, NULL"
        return f"SELECT payload, {times} FROM journal WHERE {{}} ORDER BY position DESC"  # noqa: S608
    return "SELECT payload, NULL, NULL FROM record WHERE {} ORDER BY id DESC" if timed else ""


def _told(event: Event, journaled: float | None, acknowledged: float | None) -> JournaledEvent:
    """With the times counted from the event; both clocks are of the boot that the event names."""

    def after_s(uptime_s: float | None) -> float | None:
        return None if uptime_s is None or not event.boot else max(0.0, uptime_s - event.uptime_s)

    return JournaledEvent(event, after_s(journaled), after_s(acknowledged))
