"""Events that are too large for the way to the consumer."""

import logging
from collections.abc import Iterable

from hub.mqtt.bus import Bus
from hub.store.cursors import Cursors
from hub.wire.query import Cursor

log = logging.getLogger(__name__)


def pass_over(withheld: Iterable[Cursor], cursors: Cursors, bus: Bus) -> None:
    """Go on without them, and say so."""
    for stream, epoch, sequence in withheld:
        if cursors.pass_over(stream, epoch, sequence):
            words = (
                f"number {sequence} of {stream} (epoch {epoch}) is too large for the broker, or"
                " for something on the way: passed over. Raise its limit, and `doorbell replay`"
            )
            log.error("%s", words)
            bus.note("too large", words)
