"""Limits how often something may happen."""

import threading
import time
from collections.abc import Callable


class RateLimiter:
    """A token bucket: so many a minute, and no more.

    There is one for all addresses: behind a proxy all phones have the same address.
    """

    def __init__(self, a_minute: int, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin with a full bucket.

        Args:
            a_minute: How many tokens it holds, and gains in a minute.
            seconds: A monotonic clock.
        """
        self._most = float(a_minute)
        self._left = self._most
        self._seconds = seconds
        self._at = seconds()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one token; False when none is left."""
        with self._lock:
            now = self._seconds()
            gained = (now - self._at) * self._most / 60
            self._left = min(self._most, self._left + gained)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
