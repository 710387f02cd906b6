"""Events that are too large for the broker: they must not hold up those behind them."""

import logging
from collections import Counter
from collections.abc import Iterable

from hub.mqtt.bus import Bus
from hub.store.journal.journal import Entry

log = logging.getLogger(__name__)
FRAME_BYTES = 128  # of a packet, beside payload and topic
SMALL_BYTES = 2048  # what every broker takes
LOSSES = 3  # connections that ended while an event was under way


class Oversize:
    """Finds the events that this broker will never take.

    Either it has named its limit (MQTT 5, 3.2.2.3.6), or it hangs up each time. They stay in the
    journal: a consumer gets them with a query, where the way takes them, or is told of them.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._losses: Counter[int] = Counter()

    def lost(self, positions: Iterable[int]) -> None:
        """The connection has ended while the events at these positions were under way."""
        self._losses = Counter({one: self._losses[one] + 1 for one in positions})

    def has(self, entry: Entry) -> bool:
        """Whether the broker will not take this event; then it is told."""
        size = len(entry.payload) + len(entry.stream) + FRAME_BYTES
        is_fatal = size > SMALL_BYTES and self._losses[entry.position] >= LOSSES
        if size <= self._bus.limits.packet_limit and not is_fatal:
            return False
        words = (
            f"an event of {size} bytes is too large for the broker: {entry.stream}. It stays in the"
            " journal. Raise the broker's limit to 262144 bytes (mosquitto: max_packet_size,"
            " message_size_limit), or send large data as a path"
        )
        log.error("%s", words)
        self._bus.note("too large", words)
        return True
