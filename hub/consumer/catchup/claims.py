"""What a reply claims about events that were never had is believed when it is repeated."""

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from hub.wire import streams
from hub.wire.query import Query, Reply

MOST = 1000  # claims that wait
WAIT_S = 3.0  # between the two replies; the real one to the first query is there by then
Key = TypeVar("Key", bound=streams.Numbering | streams.Key)


class Claims(Generic[Key]):
    """Keeps what replies have claimed, until one that comes later claims it, too.

    A real producer replies to each query, also where somebody forges a reply in its name. Its reply
    makes no such claim: then the forged one is forgotten. A claim is about a numbering, or about
    one number of it.

    Args:
        uptime_s: Gives the time, in seconds since the machine's start.
    """

    def __init__(self, uptime_s: Callable[[], float]) -> None:
        self._uptime_s = uptime_s
        self._claimed: dict[Key, tuple[float, int]] = {}  # when for the first time, and what

    def is_repeated(self, key: Key, what: int = 0) -> bool:
        """Whether a reply some time ago claimed the same; if not, this one is remembered.

        Args:
            key: What the claim is about.
            what: The claim.
        """
        now = self._uptime_s()
        claimed_s, before = self._claimed.pop(key, (now, what))
        if before != what:
            claimed_s = now
        if now - claimed_s >= WAIT_S:
            return True
        if len(self._claimed) < MOST:
            self._claimed[key] = (claimed_s, what)
        return False

    def drop(self, key: Key) -> None:
        """It is no claim any more."""
        self._claimed.pop(key, None)

    def forget(self, reply: Reply, query: Query, claimed: Collection[Key]) -> None:
        """Forget what a reply could have claimed, and does not.

        Args:
            reply: The reply. One that has more does not say everything.
            query: What it replies to.
            claimed: What it claims.
        """
        if reply.more:
            return
        for key in list(self._claimed):
            is_its_own = key[0].startswith(f"{reply.source} ")
            if is_its_own and key not in claimed and query.range.has((key[0], key[1])):
                del self._claimed[key]
