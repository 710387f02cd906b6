"""The right time of an event that was seen before the clock was set."""

from dataclasses import replace

from hub.system.clock import Clock
from hub.wire.event import Event


def corrected(event: Event, clock: Clock) -> Event:
    """The event with the right time, as far as this machine's clock knows it by now."""
    stamp = clock.corrected(event.stamp)
    if stamp.time == event.time:
        return event
    return replace(event, time=stamp.time, synchronised=stamp.synchronised)
