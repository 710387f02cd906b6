"""Stands in for a broker that keeps no retained messages: they are published now and then."""

import time
from collections.abc import Callable

from hub.mqtt.guard import guarded

REMIND_S = 4.0  # two looks


class Reminder:
    """Calls, every REMIND_S, what publishes again what the broker should have kept.

    So who comes later knows it after that time at most.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.calls: list[Callable[[], None]] = []
        self._monotonic_s = monotonic_s
        self._is_needed = False
        self._last_s = 0.0

    def connected(self, *, keeps: bool) -> None:
        """There is a connection to a broker that keeps what it should, or does not."""
        self._is_needed = not keeps
        self._last_s = self._monotonic_s()

    def look(self) -> None:
        """Call them if it is time; called every two seconds."""
        now_s = self._monotonic_s()
        if self._is_needed and now_s >= self._last_s + REMIND_S:
            self._last_s = now_s
            for call in self.calls:
                guarded(call)
