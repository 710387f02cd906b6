"""The rings that Home Assistant sees. It keeps no inbox, so that they are made safe for it here."""

import threading
from collections.abc import Callable

from hub.mqtt.bus import Bus
from hub.system.clock import Clock
from hub.wire import topics
from hub.wire.codec import JSON
from hub.wire.event import Event
from hub.wire.retained.states import RINGS, YOUNG_S, Ring

UNSURE_KEPT = 50


class Bell:
    """Publishes each young press as a ring, whenever its event is published.

    An old press is no ring. A press that the broker may not have got comes again with the same id;
    the template in Home Assistant ignores an id that it has shown. After a reconnect Home Assistant
    subscribes when the presses of the outage are published already. So a ring of which it is unsure
    whether Home Assistant heard it is repeated when Home Assistant says that it is there.
    """

    def __init__(
        self, bus: Bus, hub: str, clock: Clock, on_missed: Callable[[Event], None]
    ) -> None:
        """Prepare.

        Args:
            bus: To publish on.
            hub: The name of this hub.
            clock: Which says how old a press is.
            on_missed: Called with each press that is too old to ring.
        """
        self._bus = bus
        self._source = topics.source("hub", hub)
        self._clock = clock
        self._on_missed = on_missed
        self._lock = threading.Lock()  # never held while publishing
        self._unsure: dict[str, Event] = {}  # by id, the oldest first
        self._is_there: bool | None = None  # Home Assistant; None: it has not said
        bus.on_connect.append(self._connected)

    def ring(self, event: Event) -> None:
        """Show a press whose event was just published."""
        with self._lock:
            if not self._is_there:
                self._unsure.setdefault(event.id, event)
            if len(self._unsure) > UNSURE_KEPT:
                del self._unsure[next(iter(self._unsure))]
        if not self._publish(event):
            self._on_missed(event)

    def listener_came(self) -> None:
        """Home Assistant has subscribed."""
        with self._lock:
            was_away = self._is_there is False
            self._is_there = True
            unsure = list(self._unsure.values())
            self._unsure.clear()
        for event in unsure:
            if not self._publish(event) and was_away:
                self._on_missed(event)

    def listener_left(self) -> None:
        """Home Assistant has ended, or its connection broke.

        It was there until now, and may have shown all rings. If it was killed, it has forgotten
        which.
        """
        with self._lock:
            self._is_there = False
            self._unsure.clear()

    def _connected(self) -> None:
        with self._lock:
            self._is_there = None

    def _publish(self, event: Event) -> bool:
        """Publish a ring, unless its press is too old."""
        age_s = event.age_s(self._clock)
        if age_s > YOUNG_S:
            return False
        via = str(event.data.get("via", ""))
        ring = Ring(RINGS[event.type], event.id, event.time, round(age_s, 3), via)
        topic = self._bus.topics.ring(self._source, event.subject)
        self._bus.publish(topic, ring.encode(), content_type=JSON)
        return True
