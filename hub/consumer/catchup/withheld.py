"""Events that are too large for the way to the consumer."""

import logging

from hub.consumer.catchup.claims import Claims
from hub.mqtt.bus import Bus
from hub.store.cursors import Cursors
from hub.wire.query import Cursor, Query, Reply

log = logging.getLogger(__name__)


class Withheld:
    """Goes on without them, when a second reply says so, too; and reports it.

    Args:
        cursors: How far this consumer has come.
        bus: Where it is noted.
    """

    def __init__(self, cursors: Cursors, bus: Bus) -> None:
        self._cursors = cursors
        self._bus = bus
        self._told: Claims[Cursor] = Claims(cursors.clock.uptime_s)

    def check(self, reply: Reply, query: Query) -> None:
        """Forget those that a reply could have named, and does not."""
        self._told.forget(reply, query, reply.withheld)

    def pass_over(self, reply: Reply) -> bool:
        """Go on without those of a reply that are named again; gives whether these are all."""
        repeated = [one for one in reply.withheld if self._told.is_repeated(one)]
        for stream, epoch, sequence in repeated:
            if self._cursors.pass_over(stream, epoch, sequence):
                words = (
                    f"number {sequence} of {stream} (epoch {epoch}) is too large for the broker, or"
                    " for something on the way: passed over. Raise its limit, and `doorbell replay`"
                )
                log.error("%s", words)
                self._bus.note("too large", words)
        return len(repeated) == len(reply.withheld)
