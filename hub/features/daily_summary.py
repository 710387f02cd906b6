"""What the hub hears of others for the summary of the day: visitors that were missed, and reactions that failed."""

import logging
from collections import Counter
from datetime import datetime, timedelta

from hub.mqtt.bus import Bus, Message
from hub.store.database import State, StateError
from hub.store.memory import DiskMemory
from hub.wire import topics
from hub.wire.event import BadEvent, Event, decode

log = logging.getLogger(__name__)
HEARD = "tally"  # in the hub's memory
MISSED, DEAD = "visit.missed", "handler.dead"
KEPT = timedelta(days=2)
MOST = 500  # of a handler that fails and fails, the last ones are enough


class DailySummary:
    """Counts what it hears, over restarts. What is said while the hub is off, it does not hear."""

    def __init__(self, state: State, bus: Bus) -> None:
        self._memory = DiskMemory(state)
        for kind in (MISSED, DEAD):
            bus.subscribe(topics.event_filter(kind), self._receive, qos=0)

    def count(self, kind: str, since: datetime, until: datetime) -> dict[str, int]:
        """How many events of a type happened in that time: by door, failures by handler."""
        names = (
            name
            for _, heard, name, at in self._memory.get(HEARD, [])
            if heard == kind and since.timestamp() <= at < until.timestamp()
        )
        return dict(Counter(names))

    def _receive(self, message: Message) -> None:
        message.ack()
        try:
            event = decode(message.payload)
            if not message.retained and event.data.get("type") != topics.DRILLED:
                self._note(event)
        except BadEvent:
            return
        except StateError as error:
            log.warning("the summary of the day: %s", error)

    def _note(self, event: Event) -> None:
        """Write it down once; only the network thread does."""
        heard = self._memory.get(HEARD, [])
        if any(event.id == known for known, *_ in heard):
            return
        name = topics.name_of(event.source) if event.type == DEAD else event.subject
        oldest = (event.time - KEPT).timestamp()
        self._memory[HEARD] = [
            *(entry for entry in heard if entry[3] > oldest),
            [event.id, event.type, name, event.time.timestamp()],
        ][-MOST:]
