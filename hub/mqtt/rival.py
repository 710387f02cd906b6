"""Finds out whether a second process of the same source is alive: both would act on each event."""

import logging
import math
import secrets
import socket
import time
from collections.abc import Callable

from hub.wire import topics
from hub.wire.retained.status import HOST_LENGTH, Status

log = logging.getLogger(__name__)
ANSWERS = 5  # a single one may be the last word of a process that has just died, or forged
SETTLE_S = 12.0  # longer than a bus waits before it connects, and a status before it is repeated


class Rival:
    """Counts the answers of another process, and decides which of the two has to end.

    Each of two living processes publishes its status again when it hears the other's: that is an
    answer. A process that has died never answers, whatever the broker keeps of it.

    The one that was there first is settled, and stays whatever it hears. Of two that start at the
    same time the one with the smaller instance stays. The statuses carry both facts, and nobody who
    is settled becomes unsettled: so at most one of them ends.

    Attributes:
        instance: Distinguishes this process from others of its source, 16 hex digits.
        host: The name of this machine.
    """

    def __init__(self, source: str, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.instance = secrets.token_hex(8)
        self.host = socket.gethostname()[:HOST_LENGTH]
        self._name = f"another {topics.role_of(source)} is called {topics.name_of(source)}"
        self._monotonic_s = monotonic_s
        self._settles_at_s = math.inf
        self._is_answer = False  # whether the next status of another process answers ours
        self._other = ""
        self._answers = 0

    @property
    def is_settled(self) -> bool:
        """Whether this process has had its name for itself, so that it stays."""
        return self._monotonic_s() >= self._settles_at_s

    def connected(self) -> None:
        """There is a connection: from now on another process can be heard."""
        self._wait_to_settle()

    def heard_own(self) -> None:
        """Our own status has come through to everybody."""
        self._is_answer = True

    def heard(self, other: Status) -> str:
        """Another process has published a status of our source.

        Returns:
            Why this process has to end; empty when it may stay.
        """
        is_other = other.instance not in (None, self.instance)
        is_alive = is_other and other.state != "offline"
        if not (is_alive and self._is_answer):
            return ""
        self._is_answer = False
        self._wait_to_settle()
        if other.instance != self._other:
            self._other, self._answers = other.instance or "", 0
        self._answers += 1
        if self._answers < ANSWERS:
            return ""
        words = f"{self._name}, at {other.host or 'an unknown host'}"
        if self._has_to_end(other):
            return f"{words}: it stays, and this one ends. Stop one of them or rename it"
        if self._answers == ANSWERS:
            log.warning("%s: this one stays. Stop one of them or rename it", words)
        return ""

    def _has_to_end(self, other: Status) -> bool:
        if self.is_settled:
            return False
        return bool(other.settled) or self._other < self.instance

    def _wait_to_settle(self) -> None:
        if not self.is_settled:
            self._settles_at_s = self._monotonic_s() + SETTLE_S
