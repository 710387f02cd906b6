"""The history: events read from the state files of all processes, which may be running.

They stand in the journals, and in the records that a handler such as `log` keeps.
"""

import heapq
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hub.store.file.schema import version_of
from hub.store.file.state_file import BUSY_S
from hub.store.own_folders import files_in
from hub.system.files.folder_owner import acting_for
from hub.system.files.owned_file import is_odd_database
from hub.wire.codec import dump
from hub.wire.event import BadEvent, Event, decode
from hub.wire.trace_context import trace_id

TIMED_SINCE = 3  # the first schema whose journal has times
JOURNAL = "journal"
RECORD = "record"
EVERY = "*"
# The search for text goes first, because it is faster than to parse each payload; what counts is an
# attribute of the event, not text in its data.
HAS_TEXT = "instr(CAST(payload AS TEXT), ?) AND json_valid(CAST(payload AS TEXT))"
TRACEPARENT = "json_extract(CAST(payload AS TEXT), '$.traceparent')"
CAUSE = "json_extract(CAST(payload AS TEXT), '$.causationid')"
OF_TRACE = f"{HAS_TEXT} AND {TRACEPARENT} LIKE ?"
OF_NAME = (
    "id LIKE ? ESCAPE '!' OR id LIKE ? ESCAPE '!'"
    f" OR ({HAS_TEXT} AND {TRACEPARENT} LIKE ? ESCAPE '!') OR ({HAS_TEXT} AND {CAUSE} = ?)"
)


@dataclass(frozen=True, slots=True)
class JournaledEvent:
    """An event, and what its journal knows of it.

    Attributes:
        event: The event.
        journaled_s: Seconds from the event until it was journaled; None if only a record has it.
        acknowledged_s: Seconds from the event until the broker acknowledged it; None if it has not,
            or if the time is not known.
    """

    event: Event
    journaled_s: float | None = None
    acknowledged_s: float | None = None


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events are looked for; an attribute that is not set fits every event.

    Attributes:
        type: The event's type, with `*` for any part of it.
        door: The event's subject.
        since: The earliest time.
        until: The latest time.
    """

    type: str = EVERY
    door: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> tuple[str, tuple[str | float, ...]]:
        """Type and time as SQL, and its values."""
        low = self.since.timestamp() if self.since else float("-inf")
        high = self.until.timestamp() if self.until else float("inf")
        return "type GLOB ? AND time BETWEEN ? AND ?", (self.type, low, high)


@dataclass
class History:
    """The state files of a house.

    Attributes:
        folder: The house's.
        faults: A line for each file that could not be read; the others were.
    """

    folder: Path
    faults: list[str] = field(default_factory=list)

    def events(self, query: EventQuery) -> Iterator[JournaledEvent]:
        """The events that fit, each once, the newest first."""
        seen: set[str] = set()
        sources = [self._read(*place, *query.condition()) for place in self._places()]
        for entry in heapq.merge(*sources, key=lambda entry: entry.event.time, reverse=True):
            if entry.event.id not in seen and query.door in (None, entry.event.subject):
                seen.add(entry.event.id)
                yield entry

    def trace(self, trace: str) -> list[JournaledEvent]:
        """All events of one trace, the oldest first."""
        found: dict[str, JournaledEvent] = {}
        for place in self._places():
            for entry in self._read(*place, OF_TRACE, (trace, f"00-{trace}-%")):
                if trace_id(entry.event.traceparent) == trace:
                    found.setdefault(entry.event.id, entry)
        return sorted(found.values(), key=lambda entry: entry.event.time)

    def traces(self, name: str) -> set[str]:
        """The ids of the traces that a name fits.

        Args:
            name: An event's id, the beginning or the end of one, or a trace id or its beginning.
                The whole id of an event that is no longer kept finds what followed from it. A
                program chooses its ids: they may have any characters.
        """
        if not name:
            return set()
        part = re.sub("[!%_]", r"!\g<0>", name)
        written = dump({"": name}).decode()[len('{"":"') : -len('"}')]
        values = (f"{part}%", f"%{part}", name.lower(), f"00-{part}%", written, name)
        found: set[str] = set()
        for place in self._places():
            for entry in self._read(*place, OF_NAME, values):
                trace = trace_id(entry.event.traceparent)
                if name == entry.event.id:
                    return {trace}
                if _fits(name.lower(), entry.event.id.lower(), trace) or name == entry.event.cause:
                    found.add(trace)
        return found

    def _places(self) -> list[tuple[str, Path]]:
        """Tables and files; the journals first, because they know more of an event."""
        files = files_in(self.folder)
        return [(table, path) for table in (JOURNAL, RECORD) for path in files]

    def _read(
        self, table: str, path: Path, condition: str, values: tuple[str | float, ...]
    ) -> Iterator[JournaledEvent]:
        """The events in one table of a file that fulfil a condition, the newest first."""
        try:
            with acting_for(path.parent):
                db = open_to_read(path)
            with closing(db):
                select = _select_from(db, table)
                rows = db.execute(select.format(condition), values) if select else ()
                for payload, journaled, acknowledged in rows:
                    with suppress(BadEvent):
                        yield _entry(decode(payload), journaled, acknowledged)
        except (sqlite3.Error, OSError) as error:
            self.faults.append(
                f"{path}: cannot be read: {error}. Run the command as the user that runs doorbell"
            )


def open_to_read(path: Path, *, at_rest: bool = False) -> sqlite3.Connection:
    """Open a state file for reading; a process that runs on it is not disturbed.

    Args:
        path: The file.
        at_rest: No process runs on it, and SQLite need not make files of its own beside it
            (`immutable`, https://sqlite.org/uri.html).

    Raises:
        sqlite3.Error: it cannot be opened, or a newer doorbell wrote it.
    """
    if is_odd_database(path):
        raise sqlite3.OperationalError("not a regular file, or one of those beside it")
    mode = "immutable=1" if at_rest else "mode=ro"
    db = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=BUSY_S)
    try:
        version_of(db)
    except sqlite3.OperationalError:
        db.close()
        if at_rest or not os.statvfs(path).f_flag & os.ST_RDONLY:
            raise
        # On a read-only file system no process can write, and no file can be made beside this one.
        return open_to_read(path, at_rest=True)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _fits(name: str, event_id: str, trace: str) -> bool:
    return event_id.startswith(name) or event_id.endswith(name) or trace.startswith(name)


def _select_from(db: sqlite3.Connection, table: str) -> str:
    """The query for a table, but for its condition; empty if the file has no such table.

    The order is that in which the rows were written: so nothing has to be sorted.
    """
    kind = db.execute("SELECT type FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    if kind != ("table",):
        return ""  # a view of a handler's may have rows without an end
    version = version_of(db)
    is_timed = version >= TIMED_SINCE
    if table == JOURNAL and version:
        times = "journaled, acknowledged" if is_timed else "NULL, NULL"
        return f"SELECT payload, {times} FROM journal WHERE {{}} ORDER BY position DESC"
    return "SELECT payload, NULL, NULL FROM record WHERE {} ORDER BY id DESC" if is_timed else ""


def _entry(event: Event, journaled: float | None, acknowledged: float | None) -> JournaledEvent:
    """The times as seconds after the event; both are of the boot that the event names."""

    def after_s(uptime_s: float | None) -> float | None:
        if uptime_s is None or not event.boot:
            return None
        return max(0.0, uptime_s - event.uptime_s)

    return JournaledEvent(event, after_s(journaled), after_s(acknowledged))
