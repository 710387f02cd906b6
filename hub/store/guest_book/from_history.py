"""The guest book as it follows from the journals: for a terminal, and where no page keeps one."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date

from hub.store.guest_book import tables
from hub.store.guest_book.entries import Entries
from hub.store.guest_book.look_up import CLIP, PICTURE, KeptRecording, LookUp
from hub.store.guest_book.rules import VisitRules
from hub.store.guest_book.visit import Visit
from hub.store.history import EventQuery, History
from hub.wire.event import Event

PRESSES = "doorbell.*pressed"


@dataclass(frozen=True, slots=True)
class ToldVisit:
    """A visit with the files that its recorders named.

    Attributes:
        visit: The visit.
        pictures: Its pictures, the newest first.
        clips: Its clips.
    """

    visit: Visit
    pictures: list[KeptRecording]
    clips: list[KeptRecording]


class HistoryBook:
    """Reads visits from the state files of all processes.

    The presses say when the visits began; then only what has happened since then is read.
    """

    def __init__(self, history: History, rules: VisitRules, now_s: float) -> None:
        self._history = history
        self._rules = rules
        self._look_up = LookUp(rules)
        self._now_s = now_s

    def visits(self, door: str | None, day: date | None, limit: int) -> list[ToldVisit]:
        """The last visits, the newest first; the arguments are those of `GuestBook.visits`."""
        with self._book(EventQuery(PRESSES, door)) as presses:
            candidates = self._found(presses, door, day, limit)
        if not candidates:
            return []
        with self._book(EventQuery(since=candidates[-1].began)) as book:
            return [
                ToldVisit(
                    visit,
                    self._look_up.recordings(book, visit.id, PICTURE),
                    self._look_up.recordings(book, visit.id, CLIP),
                )
                for visit in self._found(book, door, day, limit)
            ]

    @contextmanager
    def _book(self, query: EventQuery) -> Iterator[tables.Connection]:
        with closing(tables.in_memory()) as book:
            entries = Entries(self._rules)
            for event in _oldest_first(entry.event for entry in self._history.events(query)):
                entries.take(book, event)
            yield book

    def _found(
        self, book: tables.Connection, door: str | None, day: date | None, limit: int
    ) -> list[Visit]:
        return self._look_up.visits(
            book, door=door, day=day, before=None, limit=limit, now_s=self._now_s
        )


def _oldest_first(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.time)
