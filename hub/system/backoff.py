"""How long to wait before trying again: exponential backoff with full jitter."""

import random
from collections.abc import Callable

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
