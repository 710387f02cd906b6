"""Which handlers there are, as far as they have said it."""

from collections.abc import Iterable

from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedStatus
from hub.wire import topics

MOST = 100  # each is an entity: whoever forges statuses must not fill Home Assistant


class Handlers:
    """Follows the statuses of all handlers of the house.

    Attributes:
        names: Those that are there and not switched off.
    """

    def __init__(self, bus: Bus, known: Iterable[str]) -> None:
        """Prepare.

        Args:
            bus: Not yet started.
            known: Those that were there before: a broker may have forgotten their status.
        """
        self.names = frozenset(known)
        bus.on_status(topics.source("handler", "+"), self._follow)

    def _follow(self, received: ReceivedStatus) -> None:
        name = topics.name_of(received.source)
        status = received.status
        if not topics.is_name(name):
            return
        if status is None or status.reason == "disabled":
            self.names -= {name}
        elif len(self.names) < MOST:
            self.names |= {name}
