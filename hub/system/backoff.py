"""How long to wait before trying again: exponential backoff with full jitter."""

import random
import threading
import time
from collections.abc import Callable

CALM_S = 2.0
Chance = Callable[[float, float], float]


def backoff_s(
    attempt: int, first_s: float, longest_s: float, chance: Chance = random.uniform
) -> float:
    """Seconds to wait after the given failed attempt (from 1).

    It is between half and all of `first_s`, doubled with each attempt: the jitter keeps many
    clients from trying in step, the floor protects a failing service.
    """
    ceiling = min(longest_s, first_s * 2.0 ** min(attempt - 1, 60))
    return chance(ceiling / 2, ceiling)


class Backoff:
    """Counts failures in a row."""

    def __init__(self, first_s: float, longest_s: float, chance: Chance = random.uniform) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._chance = chance
        self._attempt = 0

    def next_s(self) -> float:
        """Seconds to wait now, after one more failure."""
        self._attempt += 1
        return backoff_s(self._attempt, self._first_s, self._longest_s, self._chance)

    def reset(self) -> None:
        """After a success, begin again with a short wait."""
        self._attempt = 0


class Repeater:
    """Calls something again and again, each time after a longer wait, as long as it is asked to."""

    def __init__(self, call: Callable[[], None], first_s: float, longest_s: float) -> None:
        """Prepare.

        Args:
            call: What to call, in a thread of its own.
            first_s: How long to wait at first, in seconds.
            longest_s: How long to wait at most. After twice the last wait in peace, and CALM_S at
                least, the waits are short again.
        """
        self._call = call
        self._wait_s = 0.0
        self._backoff = Backoff(first_s, longest_s)
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._called_at = 0.0

    def ask(self) -> None:
        """Have it called once, after the wait; while it is waiting this changes nothing."""
        with self._lock:
            if self._timer:
                return
            if time.monotonic() - self._called_at > max(CALM_S, 2 * self._wait_s):
                self._backoff.reset()
            self._wait_s = self._backoff.next_s()
            self._timer = threading.Timer(self._wait_s, self._run)
            self._timer.daemon = True
            self._timer.start()

    @property
    def is_waiting(self) -> bool:
        """Whether it will be called."""
        return self._timer is not None

    def _run(self) -> None:
        with self._lock:
            self._timer = None
            self._called_at = time.monotonic()
        self._call()
