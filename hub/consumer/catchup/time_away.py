"""Whether the events of the time that a consumer was away are known."""

import time
from collections.abc import Iterable

SETTLE_S = 5.0
SETTLE_MOST_S = 600.0


class TimeAway:
    """Waits for the replies since the start, and not for ever."""

    def __init__(self, kinds: Iterable[str]) -> None:
        """Begin to wait.

        Args:
            kinds: The event types of which a producer may know more, until a reply denies it.
        """
        self._kinds = set(kinds)
        self._began_s = self._moved_s = time.monotonic()

    def moved(self) -> None:
        """Events have come."""
        self._moved_s = time.monotonic()

    def is_known(self, kind: str) -> None:
        """All that there is of this type was heard."""
        self._kinds.discard(kind)

    def settles_in_s(self) -> float:
        """Seconds until its events are known, as far as they can be; 0: now.

        A producer that is away, or a broker, is not waited for longer than SETTLE_S.
        """
        if not self._kinds:
            return 0.0
        until = min(self._moved_s + SETTLE_S, self._began_s + SETTLE_MOST_S)
        return max(0.0, until - time.monotonic())
