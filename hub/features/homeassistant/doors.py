"""How each door is: its last visitor, the answer, and who came too late to ring."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from config import Settings
from devices.machine import Moment
from hub.producer.producer import Producer
from hub.store.guest_book.rules import rules_of
from hub.store.memory import DiskMemory
from hub.store.state import State, StateError
from hub.wire import topics
from hub.wire.command import SNOOZE
from hub.wire.event import Event
from hub.wire.retained.states import MISSED_KEPT, DoorState, Visit
from hub.wire.topics import Topics

log = logging.getLogger(__name__)
MISSED = "missed rings"  # the key in the hub's memory
SAME = timedelta(milliseconds=1)  # a visit's time is cut to that


@dataclass
class _Door:
    state: DoorState = field(default_factory=DoorState)
    press: Event | None = None  # the last one
    first: Event | None = None  # the first one of the visitor who waits
    answer: Event | None = None  # the last one


class Doors:
    """Follows the events of the hub. What was before its start is in the journal."""

    def __init__(self, settings: Settings, state: State, producer: Producer) -> None:
        self._clock = state.clock
        self._source = topics.source("hub", settings.hub)
        self._memory = DiskMemory(state)
        self._patience_s = rules_of(settings).over_after_s
        self._lock = threading.Lock()
        self._doors = {door: _Door() for door in settings.doors}
        missed = self._memory.get(MISSED, {})
        for door, known in self._doors.items():
            times = tuple(map(datetime.fromisoformat, missed.get(door, ())))
            known.state = replace(known.state, missed=times)
            for kinds in (topics.PRESSES, (topics.ANSWERED,)):
                if event := producer.journal.last(kinds, door):
                    self.follow(event)

    def follow(self, event: Event) -> None:
        """Take in an event of a door, also one that comes twice."""
        door = self._doors.get(event.subject)
        if door is None:
            return
        with self._lock:
            if event.type in topics.PRESSES:
                self._press(door, event)
            elif event.type == topics.ANSWERED:
                self._answer(door, event)
            elif event.type == "visit.missed":
                _miss(door, event)

    def miss(self, event: Event) -> None:
        """Note a press that came too late to ring."""
        door = self._doors.get(event.subject)
        if door is None or event.type not in topics.PRESSES:
            return
        with self._lock:
            times = {*door.state.missed, event.time}
            if len(times) == len(door.state.missed):
                return
            door.state = replace(door.state, missed=tuple(sorted(times)[-MISSED_KEPT:]))
            kept = {
                name: [time.isoformat() for time in one.state.missed]
                for name, one in self._doors.items()
            }
        try:
            self._memory[MISSED] = kept
        except StateError as error:
            log.warning("a missed ring cannot be noted: %s", error)

    def payloads(self, house: Topics) -> Mapping[str, bytes]:
        """What to publish of each door, by its topic."""
        with self._lock:
            for door in self._doors.values():
                self._end_visit(door)
            return {
                house.door(self._source, name): door.state.encode()
                for name, door in self._doors.items()
            }

    def _press(self, door: _Door, event: Event) -> None:
        if door.press and not self._is_before(door.press, event):
            return
        is_waiting = event.age_s(self._clock) <= self._patience_s
        if not is_waiting or door.state.visit != "waiting":
            door.first = event
        door.press = event
        visit: Visit = "waiting" if is_waiting else "none"
        door.state = replace(door.state, visitor=event.time, visit=visit)

    def _answer(self, door: _Door, event: Event) -> None:
        if door.answer and not self._is_before(door.answer, event):
            return
        answer, by = str(event.data.get("answer", "")), str(event.data.get("by", ""))
        door.answer = event
        door.state = replace(door.state, answer=answer, by=by, answered=event.time)
        is_for_the_last = door.press is not None and not self._is_before(event, door.press)
        if is_for_the_last and answer != SNOOZE and not event.data.get("late"):
            door.state = replace(door.state, visit="answered")

    def _is_before(self, one: Event, other: Event) -> bool:
        """Whether one event was before another; where that is unknown, this boot's are later."""
        moment, other_moment = Moment.seen(one), Moment.seen(other)
        if moment.is_comparable(other_moment):
            return moment.since(other_moment) < 0
        return one.boot != self._clock.boot

    def _end_visit(self, door: _Door) -> None:
        """End a visit of which no handler says how it ended."""
        if door.press is None or door.state.visit != "waiting":
            return
        if door.press.age_s(self._clock) > self._patience_s:
            door.state = replace(door.state, visit="none")


def _miss(door: _Door, event: Event) -> None:
    first, at = door.first, str(event.data.get("at", ""))
    if first is None or door.state.visit == "answered":
        return
    try:
        visit = datetime.fromisoformat(at).astimezone(UTC)
    except ValueError:
        return
    if event.data.get("visit") == first.id or visit + SAME >= first.time:
        door.state = replace(door.state, visit="missed")
