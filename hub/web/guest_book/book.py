"""The guest book: who came, how it ended, what was recorded, and what each handler did."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from config import Settings
from hub.store.guest_book import tables, upkeep
from hub.store.guest_book.entries import Entries
from hub.store.guest_book.look_up import CLIP, PICTURE, LookUp
from hub.store.guest_book.recording_entries import can_be_named, staying, wait_only_for
from hub.store.guest_book.rules import rules_of
from hub.store.guest_book.tables import Connection, number_of
from hub.store.guest_book.upkeep import BATCH, DAY_S
from hub.store.guest_book.visit import Change, Reaction, Visit
from hub.store.state import State
from hub.web.guest_book.changes import Changes
from hub.web.guest_book.recorder_files import RecorderFiles
from hub.wire.event import Event, uuid7
from hub.wire.recordings import MOST_RECORDINGS, Action, Recordings

HOUR_S = 3600.0
Watch = Callable[[Event], object]


class RecordingCommands(Protocol):
    """Whatever has recordings deleted or kept: `RecordingsClient`."""

    def give(self, command: Recordings, door: str) -> None:
        """See `RecordingsClient`."""


class Entry(NamedTuple):
    """An event that was written down, and what has changed by that."""

    event: Event
    changes: Sequence[Change]


class GuestBook:
    """The visits of a house. Many threads may use it; looking up takes milliseconds.

    Attributes:
        changes: Tells what has changed, as soon as it is written down.
        handlers: Gives the names of the handlers in the house; none while they are not known.
        watchers: Called with each event once it is written down, in the thread that does so.
    """

    def __init__(self, settings: Settings, state: State, commands: RecordingCommands) -> None:
        """Open the book.

        Args:
            settings: Of this house.
            state: The page's own state file, where the book has tables of its own.
            commands: Tells the recorder what to delete or keep: `RecordingsClient`.
        """
        rules = rules_of(settings)
        self.changes = Changes()
        self._state = state
        self._rules = rules
        self._entries = Entries(rules)
        self._look_up = LookUp(rules)
        self._keep_days = settings.web.keep_days
        self._next_removal_s = 0.0  # on the clock that never jumps
        self.handlers: Callable[[], Collection[str]] = tuple
        self.watchers: list[Watch] = []
        self._recorder_files = RecorderFiles(settings)
        self._commands = commands
        state.do(tables.make)

    def visits(
        self,
        door: str | None = None,
        day: date | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[Visit]:
        """Visits, the newest first.

        Args:
            door: Only those at this door, by its key.
            day: Only those that began on this day, by this machine's local time.
            before: Only those before the visit with this id: the last one of the page before.
            limit: How many at most.
        """
        with self._state.read() as db:
            return self._look_up.visits(
                db, door=door, day=day, before=before, limit=limit, now_s=self._now_s()
            )

    def visit(self, visit_id: str) -> Visit | None:
        """The visit to which a press belongs; None if there is none, or it was deleted."""
        with self._state.read() as db:
            return self._look_up.visit(db, visit_id, self._now_s())

    def ringing(self) -> list[Visit]:
        """The visitors who wait for an answer now, the newest first."""
        return [visit for visit in self.visits(limit=20) if visit.state == "ringing"]

    def reactions(self, visit_id: str) -> list[Reaction]:
        """What each handler did for a visit, in the order in which it ended."""
        with self._state.read() as db:
            return self._look_up.reactions(db, visit_id)

    def picture(self, visit_id: str) -> Path | None:
        """The JPEG of a visit's last press; None if there is none, or it is gone."""
        return self._file(visit_id, PICTURE)

    def clip(self, visit_id: str) -> Path | None:
        """The last MP4 of a visit; None if there is none, or it is gone."""
        return self._file(visit_id, CLIP)

    def staying(self, visit_id: str) -> list[str]:
        """The names of the files that stay when a visit is deleted.

        Another visit that is kept has them too, or they are not named as the recorder's.
        """
        with self._state.read() as db:
            return staying(db, number_of(db, visit_id))

    def delete(self, visit_id: str, by: str = "") -> None:
        """Have a visit and all its files deleted, and its picture on the broker cleared.

        Called in a thread: it waits until the hub has it in its journal. From then on the visit has
        `is_deleting`, until the recorder has removed the files; a visit without files is gone.
        Those that stay (`staying`) are not waited for.

        Args:
            visit_id: The visit.
            by: Who wants it; empty where that is not known.

        Raises:
            UnconfirmedError: there is no broker, or no hub. Ask again.
        """
        self._give(visit_id, "delete", by)

    def keep(self, visit_id: str, *, on: bool, by: str = "") -> None:
        """Have a visit and its files kept until a person deletes them, or no longer.

        Called in a thread, like `delete`.

        Args:
            visit_id: The visit.
            on: Whether it is to be kept.
            by: Who wants it; empty where that is not known.

        Raises:
            UnconfirmedError: there is no broker, or no hub. Ask again.
        """
        self._give(visit_id, "keep" if on else "release", by)

    def _give(self, visit_id: str, action: Action, by: str) -> None:
        """Give the command for all files of a visit, some at a time."""
        with self._state.read() as db:
            visit = self._look_up.visit(db, visit_id, self._now_s())
            presses = tuple(self._look_up.presses(db, visit_id, MOST_RECORDINGS))
            found = self._look_up.recordings(db, visit_id)
            left = staying(db, number_of(db, visit_id)) if action != "keep" else []
        if visit is None:
            return
        names = [one.path.rpartition("/")[2] for one in found]
        named = tuple(name for name in names if can_be_named(name) and name not in left)
        for first in range(0, max(1, len(named)), MOST_RECORDINGS):
            files = named[first : first + MOST_RECORDINGS]
            command = Recordings(uuid7(), visit.id, action, presses, files, by)
            self._commands.give(command, visit.door)

    def enter(self, db: Connection, event: Event) -> Entry:
        """In the open transaction of the inbox: write down what an event says.

        It may be undone and repeated. Once it is committed, give the entry to `settle`.
        """
        return Entry(event, self._entries.take(db, event))

    def take(self, event: Event) -> None:
        """Write down what one event says, without an inbox, as tests do."""
        self.settle([self._state.do(partial(self.enter, event=event))])

    def settle(self, entries: Sequence[Entry] = ()) -> None:
        """Tell what was entered and is committed; end visits, and remove old ones."""
        for watch in self.watchers:
            for entry in entries:
                watch(entry.event)
        entered = [change for entry in entries for change in entry.changes]
        self.changes.tell(*dict.fromkeys(entered))
        now_s = self._now_s()
        with self._state.read() as db:
            overdue = upkeep.overdue(db, self._rules, now_s)
        for number in overdue:
            self.changes.tell(self._state.do(partial(upkeep.end, number=number, rules=self._rules)))
        self._remove_old(now_s)

    def _remove_old(self, now_s: float) -> None:
        """Once an hour. While the clock cannot be believed no visit is called old."""
        clock = self._state.clock
        if clock.uptime_s() < self._next_removal_s or not clock.is_synchronised():
            return
        if handlers := self.handlers():
            self.changes.tell(*self._state.do(partial(wait_only_for, handlers=handlers)))
        before_s = now_s - self._keep_days * DAY_S
        if self._state.do(lambda db: upkeep.remove_old(db, before_s)) < BATCH:
            self._next_removal_s = clock.uptime_s() + HOUR_S

    def _file(self, visit_id: str, ending: str) -> Path | None:
        with self._state.read() as db:
            found = self._look_up.recordings(db, visit_id, ending)
        paths = (self._recorder_files.file(one.path, one.handler) for one in found)
        return next(filter(None, paths), None)

    def _now_s(self) -> float:
        return self._state.clock.unix_s()
