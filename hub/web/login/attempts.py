"""How often somebody may try a password: each failure makes the next pause longer."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

FREE = 5  # failures of an address without a pause
FREE_IN_ALL = 50
LONGEST_S = 900.0
LONGEST_IN_ALL_S = 60.0
FORGIVEN_S = 3600.0  # after so long without a failure all is forgotten
ADDRESSES = 1000
IPV6_NETWORK = 64  # bits that a network has; the rest is its owner's choice
EVERYBODY = ""


class _Count:
    """The failures of one address, or of all."""

    __slots__ = ("failures", "free_at_s")

    def __init__(self) -> None:
        self.failures = 0
        self.free_at_s = 0.0


class Attempts:
    """Limits them for each address and in all. Logged-in phones need no password.

    An attempt counts as failed when it begins, so that many at the same time gain nothing. The
    pause of all stays short: otherwise a stranger could lock the house out. It does not concern
    one-time codes.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin without failures.

        Args:
            seconds: A monotonic clock.
        """
        self._seconds = seconds
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, address: str) -> float:
        """Note an attempt.

        Returns:
            0 when it may be made; else the seconds until the next one may be.
        """
        now = self._seconds()
        limits = ((_network(address), FREE, LONGEST_S), (EVERYBODY, FREE_IN_ALL, LONGEST_IN_ALL_S))
        with self._lock:
            counts = [self._count(who, now) for who, _, _ in limits]
            wait_s = max(count.free_at_s - now for count in counts)
            if wait_s > 0:
                return wait_s
            for count, (_, free, longest_s) in zip(counts, limits, strict=True):
                count.failures += 1
                over = min(count.failures - free, 12)  # 2 ** 12 is beyond each longest pause
                count.free_at_s = now + (min(2.0**over, longest_s) if over >= 0 else 0.0)
        return 0.0

    def succeeded(self, address: str) -> None:
        """Forget the failures of this address, also in the count of all."""
        with self._lock:
            own = self._counts.pop(_network(address), None)
            everybody = self._counts.get(EVERYBODY)
            if own and everybody:
                everybody.failures -= min(own.failures, everybody.failures)
                everybody.free_at_s = self._seconds()

    def _count(self, who: str, now: float) -> _Count:
        count = self._counts.get(who)
        if count is None or now - count.free_at_s > FORGIVEN_S:
            count = self._counts[who] = _Count()
            count.free_at_s = now
        self._counts.move_to_end(who)
        while len(self._counts) > ADDRESSES:
            self._counts.popitem(last=False)
        return count


def _network(address: str) -> str:
    """What counts as one client: an IPv4 address, a network of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(IPv6Address(int(found) >> IPV6_NETWORK << IPV6_NETWORK))
    return str(found)
