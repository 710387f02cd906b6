"""One run of a handler's function: what it emits and remembers is collected until it returns."""

import json
import sqlite3
from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from typing import Any

from hub.store.inbox.timers import set_timer
from hub.store.memory import PendingMemory
from hub.store.state import State
from hub.wire import topics
from hub.wire.event import BadEvent, Event, encode, uuid7
from hub.wire.trace_context import child


class LiveAttempt:
    """A run in a handler's process; see `hub.plugin.api.Attempt`.

    Attributes:
        event: The event that is handled.
        memory: What the handler remembers, its uncommitted changes included.
        emitted: Type, subject and data of each `emit`, in order.
        kept: The event and for how many days it is kept, for each `keep`.
    """

    def __init__(self, event: Event, source: str, state: State, reacts_to: Container[str]) -> None:
        self.event = event
        self.memory = PendingMemory(state)
        self.emitted: list[tuple[str, str, Mapping[str, Any]]] = []
        self.kept: list[tuple[Event, float]] = []
        # Each with its payload, and when it is due, by uptime.
        self._timers: dict[tuple[str, str], tuple[Event, bytes, float]] = {}
        self._source = source
        self._state = state
        self._reacts_to = reacts_to

    def emit(self, kind: str, subject: str, data: Mapping[str, Any]) -> None:
        """See Attempt."""
        _, payload = self._event(kind, subject, data, self._state.clock.utc())
        # A copy, because the author may change the object afterwards.
        self.emitted.append((kind, subject, json.loads(payload)["data"]))

    def later(self, kind: str, subject: str, data: Mapping[str, Any], after_s: float) -> None:
        """See Attempt."""
        if kind not in self._reacts_to and topics.EVERY not in self._reacts_to:
            raise BadEvent(
                f'{kind}: this file does not react to it. Add a function with @handler("{kind}")'
            )
        due = self._state.clock.utc() + timedelta(seconds=after_s)
        timer = self._event(kind, subject, data, due)
        self._timers[kind, subject] = (*timer, self._state.clock.uptime_s() + after_s)

    def keep(self, days: float) -> None:
        """See Attempt."""
        self.kept.append((self.event, days))

    @property
    def has_state(self) -> bool:
        """Whether memory or timers have changes that are not committed."""
        return self.memory.is_changed or bool(self._timers)

    def checkpoint(self) -> None:
        """See Attempt."""
        if self.has_state:
            self._state.do(self.write)
            self.memory.committed()
            self._timers.clear()

    def write(self, db: sqlite3.Connection) -> None:
        """Write the changes of memory and the timers into the open transaction."""
        self.memory.write(db)
        clock = self._state.clock
        for timer, payload, due_s in self._timers.values():
            set_timer(db, clock, timer, due_s - clock.uptime_s(), payload)

    def _event(
        self, kind: str, subject: str, data: Mapping[str, Any], time: datetime
    ) -> tuple[Event, bytes]:
        """An event that follows, encoded here, where the author's line is in the traceback."""
        if fault := topics.fault_in(self._source, kind, subject):
            raise BadEvent(f"{kind}: {fault}")
        event = Event(
            id=uuid7(),
            type=kind,
            source=self._source,
            subject=subject,
            time=time,
            data=data,
            sequence=1,
            epoch=self._state.epoch,
            traceparent=child(self.event.traceparent),
            cause=self.event.id,
        )
        return event, encode(event)
