"""How each door is: its last visitor, the answer, and who came too late to ring."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from config import Settings
from hub.producer.producer import Producer
from hub.store.memory import DiskMemory
from hub.store.state import State, StateError
from hub.wire import topics
from hub.wire.event import Event
from hub.wire.retained.states import MISSED_KEPT, DoorState
from hub.wire.topics import Topics

log = logging.getLogger(__name__)
MISSED = "missed rings"  # the key in the hub's memory
MISSED_AFTER_S = 120.0  # the default of the handler `visit`
GRACE_S = 10.0  # so much later than the handler says it, a visit is over anyway
SAME = timedelta(milliseconds=1)  # a visit's time is cut to that
SNOOZE = "snooze"  # an answer to the phone, not to the visitor


@dataclass
class _Door:
    state: DoorState = field(default_factory=DoorState)
    began: datetime | None = None  # when the visitor who waits rang first


class Doors:
    """Follows the events of the hub. What was before its start is in the journal."""

    def __init__(self, settings: Settings, state: State, producer: Producer) -> None:
        self._clock = state.clock
        self._source = topics.source("hub", settings.hub)
        self._memory = DiskMemory(state)
        self._patience_s = _missed_after_s(settings) + GRACE_S
        self._lock = threading.Lock()
        self._doors = {door: _Door() for door in settings.doors}
        missed = self._memory.get(MISSED, {})
        for door, known in self._doors.items():
            times = tuple(map(datetime.fromisoformat, missed.get(door, ())))
            known.state = replace(known.state, missed=times)
            for kinds in (topics.PRESSES, (topics.ANSWERED,)):
                if event := producer.last(kinds, door):
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
                _answer(door, event)
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
        visitor = door.state.visitor
        if visitor and event.time <= visitor:
            return
        if event.age_s(self._clock) > self._patience_s:
            door.began = event.time
            door.state = replace(door.state, visitor=event.time, visit="none")
            return
        if door.state.visit != "waiting":
            door.began = event.time
        door.state = replace(door.state, visitor=event.time, visit="waiting")

    def _end_visit(self, door: _Door) -> None:
        """End a visit of which no handler says how it ended."""
        visitor = door.state.visitor
        if door.state.visit == "waiting" and visitor:
            waited_s = (self._clock.utc() - visitor).total_seconds()
            if waited_s > self._patience_s:
                door.state = replace(door.state, visit="none")


def _missed_after_s(settings: Settings) -> float:
    """How long a visitor waits; the default where the settings of `visit` are wrong, as it says."""
    wanted = settings.handlers.get("visit", {}).get("missed_after_s", MISSED_AFTER_S)
    try:
        return float(wanted)
    except (TypeError, ValueError):
        return MISSED_AFTER_S


def _answer(door: _Door, event: Event) -> None:
    if door.state.answered and event.time <= door.state.answered:
        return
    answer, by = str(event.data.get("answer", "")), str(event.data.get("by", ""))
    door.state = replace(door.state, answer=answer, by=by, answered=event.time)
    visitor = door.state.visitor
    is_for_the_last = visitor is not None and event.time >= visitor
    if is_for_the_last and answer != SNOOZE and not event.data.get("late"):
        door.state = replace(door.state, visit="answered")


def _miss(door: _Door, event: Event) -> None:
    began, at = door.began, str(event.data.get("at", ""))
    if began is None or door.state.visit == "answered":
        return
    try:
        visit = datetime.fromisoformat(at).astimezone(UTC)
    except ValueError:
        return
    if visit + SAME >= began:
        door.state = replace(door.state, visit="missed")
