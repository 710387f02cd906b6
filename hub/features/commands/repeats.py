"""Tells whether a command without an id is one that came before."""

import time
from collections.abc import Callable

from hub.mqtt.house_messages import ReceivedCommand

BURST_S = 1.0
DUPLICATE_S = 60.0  # brokers that send again within a connection do so after 20 or 30 s
KEPT = 100


class Repeats:
    """Knows the bare commands of the last minute.

    A command with an id is known by it for ever. A bare word can only be told from its repeat by
    when it comes: the same word from the same sender to the same door, within a second, or within a
    minute if it is marked as sent before (DUP), is one command. A mark alone is not enough, because
    some brokers pass on the mark of a sender whose first message never arrived.
    """

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._taken_s: dict[tuple[object, ...], float] = {}  # the newest last

    def has(self, received: ReceivedCommand) -> bool:
        """Whether this is a repeat. If not, it is kept."""
        key = received.command, received.source, received.target
        now = self._seconds()
        within_s = DUPLICATE_S if received.is_duplicate else BURST_S
        taken_s = self._taken_s.get(key)
        if taken_s is not None and now - taken_s < within_s:
            return True
        self._taken_s.pop(key, None)
        self._taken_s[key] = now
        if len(self._taken_s) > KEPT:
            del self._taken_s[next(iter(self._taken_s))]
        return False
