"""One run of a handler's function in a real process."""

import json
from collections.abc import Container, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any

from hub.store.database import State
from hub.store.inbox import Inbox
from hub.store.memory import DiskMemory
from hub.wire import topics
from hub.wire.event import BadEvent, Event, encode, uuid7
from hub.wire.trace_context import child


class LiveAttempt:
    """A run in a real handler process."""

    def __init__(
        self, event: Event, source: str, state: State, inbox: Inbox, reacts_to: Container[str]
    ) -> None:
        self.event = event
        self._reacts_to = reacts_to
        self.said: list[tuple[str, str, Mapping[str, Any]]] = []
        self.kept: list[tuple[Event, float]] = []
        self.memory: MutableMapping[str, Any] = DiskMemory(state)
        self._source, self._inbox, self._state = source, inbox, state

    def emit(self, kind: str, subject: str, data: Mapping[str, Any]) -> None:
        """See Attempt."""
        # Refused here, where the author's line is; and kept as it is now, whatever becomes of the author's object.
        wire = json.loads(encode(self._event(kind, subject, data, self._state.clock.utc())))
        self.said.append((kind, subject, wire["data"]))

    def later(self, kind: str, subject: str, data: Mapping[str, Any], after_s: float) -> None:
        """See Attempt."""
        if kind not in self._reacts_to and topics.EVERY not in self._reacts_to:
            raise BadEvent(
                f'{kind}: this file does not react to it. Add a function with @handler("{kind}")'
            )
        due = self._state.clock.utc() + timedelta(seconds=after_s)
        self._inbox.set_timer(self._event(kind, subject, data, due), after_s)

    def keep(self, days: float) -> None:
        """See Attempt."""
        self.kept.append((self.event, days))

    def _event(self, kind: str, subject: str, data: Mapping[str, Any], time: datetime) -> Event:
        if fault := topics.fault_in(self._source, kind, subject):
            raise BadEvent(f"{kind}: {fault}")
        return Event(
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
