"""How long to wait before trying again: exponential backoff with full jitter."""

import random
from collections.abc import Callable

Chance = Callable[[float, float], float]


def backoff_s(
    attempt: int, first_s: float, longest_s: float, chance: Chance = random.uniform
) -> float:
    """Seconds to wait after the given failed attempt (from 1).

    Between half and all of `first_s` doubled with each attempt: jitter keeps many from trying in step, the floor
    keeps a failing service from being hammered.
    """
    ceiling = min(longest_s, first_s * 2.0 ** min(attempt - 1, 60))
    return chance(ceiling / 2, ceiling)


class Backoff:
    """Counts failures in a row."""

    def __init__(self, first_s: float, longest_s: float, chance: Chance = random.uniform) -> None:
        self._first_s, self._longest_s, self._chance = first_s, longest_s, chance
        self._attempt = 0

    def next_s(self) -> float:
        """Seconds to wait now, after one more failure."""
        self._attempt += 1
        return backoff_s(self._attempt, self._first_s, self._longest_s, self._chance)

    def reset(self) -> None:
        """It worked: begin again with a short wait."""
        self._attempt = 0
