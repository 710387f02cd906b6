"""Which producers are there, as far as their statuses and replies say."""

from collections.abc import Callable

from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedStatus
from hub.store.cursors import PRODUCERS
from hub.wire import topics


class Alive:
    """Listens to the statuses of all producers.

    Attributes:
        sources: Those that are there.
    """

    def __init__(self, bus: Bus, came: Callable[[str], None]) -> None:
        """Begin to listen.

        Args:
            bus: To listen on.
            came: Called in the network thread with a producer that has just become ready.
        """
        self.sources: set[str] = set()
        self._bus = bus
        self._came = came
        bus.on_status(topics.source("+", "+"), self._status)

    def _status(self, received: ReceivedStatus) -> None:
        source = received.source
        if received.status is None or received.status.state != "ready":
            self.sources.discard(source)
            return
        if source in self.sources and not self._bus.limits.keeps:
            return  # it repeats its status for those that came later: see hub.mqtt.traffic.reminder
        if len(self.sources) < PRODUCERS:
            self.sources.add(source)
        if not received.retained:
            self._came(source)
