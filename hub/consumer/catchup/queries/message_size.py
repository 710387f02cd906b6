"""How large a message may be: a broker may drop large ones, or hang up, without saying why."""

import logging
import time
from collections import Counter
from collections.abc import Callable

from hub.wire.query import LEAST_BYTES, MOST_BYTES

log = logging.getLogger(__name__)
SHRINK = 8
GROW = 2
CALM = 16  # replies before a size that has failed is tried again: each failure costs a connection
FAILURES = 3  # of a size, while smaller ones get through, before it counts as too large
FORGET_S = 3600.0  # after so long a size that was too large is tried again
TOO_LARGE = (
    "catch-up: messages of {size} bytes get no reply, smaller ones do: the broker, or something on"
    " the way, drops them. It goes on with small ones, slowly. Raise the broker's limit to 262144"
    " bytes (mosquitto: max_packet_size, message_size_limit)"
)


class MessageSize:
    """Finds the size by trying: smaller where no reply comes, larger again where one does.

    A size counts as too large only where it fails again and again, a smaller one gets through
    before and after it, and no message of this size ever does: then neither a producer that is
    away nor one that is slow is the reason.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Prepare.

        Args:
            tell: Called with what is wrong in words; with nothing when it is forgotten.
        """
        self._tell = tell
        self._now = MOST_BYTES
        self._good = 0  # the last size that got a reply
        self._too_large = 0  # 0: none is known
        self._failures: Counter[int] = Counter()
        self._replies = 0  # since the last failure
        self._forget_at = 0.0

    def within(self, limit: int) -> int:
        """How many bytes a message may have, where the broker names a limit."""
        self._forget()
        return max(LEAST_BYTES, min(self._now, limit))

    def is_largest(self, size: int, limit: int) -> bool:
        """Whether messages larger than this do not get through, as far as can be known.

        Args:
            size: In bytes, of a query that was sent: later ones may be allowed more.
            limit: What the broker names.
        """
        self._forget()
        is_bounded = size * GROW >= self._too_large > 0
        return size >= min(limit, MOST_BYTES) or is_bounded

    def want_more(self) -> None:
        """Something waits that needs a larger message: it is tried at once."""
        if not self._too_large or self._now * GROW < self._too_large:
            self._now = min(self._now * GROW, MOST_BYTES)

    def replied(self, received: int) -> None:
        """A query had a reply.

        Args:
            received: The bytes of the reply or the query, whichever is larger: so much gets
                through.
        """
        self._clear(received)
        self._good = self._now
        self._replies += 1
        larger = min(self._now * GROW, MOST_BYTES)
        is_early = self._replies <= CALM * self._failures[larger]
        if not is_early and (not self._too_large or larger < self._too_large):
            self._now = larger

    def unanswered(self) -> None:
        """A query had no reply, though a producer is there, or the connection ended over it."""
        self._replies = 0
        if 0 < self._good < self._now:
            self._fail()
            self._now = self._good
            return
        by = SHRINK
        if self._good:
            by = GROW
        self._good = 0
        self._now = max(LEAST_BYTES, self._now // by)

    def _fail(self) -> None:
        self._failures[self._now] += 1
        if self._failures[self._now] >= FAILURES:
            self._too_large = self._now
            self._forget_at = time.monotonic() + FORGET_S
            words = TOO_LARGE.format(size=self._now)
            log.error("%s", words)
            self._tell(words)

    def _clear(self, received: int) -> None:
        """A message got through: what failed with no more bytes did so for another reason."""
        for size in [size for size in self._failures if size <= received]:
            del self._failures[size]
        if 0 < self._too_large <= received:
            self._too_large = 0
            self._tell("")

    def _forget(self) -> None:
        if self._too_large and time.monotonic() > self._forget_at:
            self._too_large = 0
            self._failures.clear()
            self._tell("")
