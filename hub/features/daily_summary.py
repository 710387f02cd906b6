"""Counts for the summary of the day: visitors that were missed, and handlers that failed."""

import logging
from collections import Counter
from datetime import datetime, timedelta

from hub.mqtt.bus import Bus
from hub.store.memory import DiskMemory
from hub.store.state import State, StateError
from hub.wire import topics
from hub.wire.event import Event

log = logging.getLogger(__name__)
KEPT_EVENTS = "tally"  # the key in the hub's memory
MISSED = "visit.missed"
DEAD = "handler.dead"
KEPT = timedelta(days=2)
MOST = 500  # of a handler that fails all the time the latest failures are enough


class DailySummary:
    """Counts events of handlers, over restarts; it misses those sent while the hub is off."""

    def __init__(self, state: State, bus: Bus) -> None:
        self._memory = DiskMemory(state)
        for kind in (MISSED, DEAD):
            bus.on_event(kind, self._receive, qos=0)

    def count(self, kind: str, since: datetime, until: datetime) -> dict[str, int]:
        """Count the events of a type in that time: missed visitors by door, failures by handler."""
        names = (
            name
            for _, kept_kind, name, at in self._memory.get(KEPT_EVENTS, [])
            if kept_kind == kind and since.timestamp() <= at < until.timestamp()
        )
        return dict(Counter(names))

    def _receive(self, event: Event) -> None:
        if event.data.get("type") == topics.DRILLED:
            return
        try:
            self._keep(event)
        except StateError as error:
            log.warning("the summary of the day misses an event: %s", error)

    def _keep(self, event: Event) -> None:
        """Keep the event once; only the network thread calls this."""
        kept = self._memory.get(KEPT_EVENTS, [])
        if any(event.id == known for known, *_ in kept):
            return
        name = topics.name_of(event.source) if event.type == DEAD else event.subject
        oldest = (event.time - KEPT).timestamp()
        recent = [entry for entry in kept if entry[3] > oldest]
        entry = [event.id, event.type, name, event.time.timestamp()]
        self._memory[KEPT_EVENTS] = [*recent, entry][-MOST:]
