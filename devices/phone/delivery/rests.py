"""When a phone whose service did not take a notification is tried again."""

import random
import time
from typing import Any

FIRST_S = 1.0
LONGEST_S = 300.0
LATER_S = 0.1  # what is due a moment too early would only be put off once more


class Rests:
    """How long each phone rests. A wait that its service asked for is obeyed.

    Without one the wait is as long as the outage so far, and 5 minutes at most. It belongs to the
    phone and not to a notification: many that wait for one service do not ask it one by one.
    """

    def __init__(self) -> None:
        self._down_since: dict[Any, float] = {}
        self._until: dict[Any, float] = {}
        self._asked: dict[Any, float] = {}
        self._reasons: dict[Any, str] = {}

    def fail(self, phone: Any, reason: str, asked_s: float | None = None) -> float:
        """A phone's service did not take a notification.

        Args:
            phone: The phone.
            reason: Why, in words.
            asked_s: Seconds that the service wants to be left alone; None if it says nothing.

        Returns:
            Seconds until it is tried again.
        """
        now = time.monotonic()
        outage_s = now - self._down_since.setdefault(phone, now)
        wait_s = random.uniform(0.5, 1) * min(max(outage_s, FIRST_S), LONGEST_S)
        if asked_s:
            wait_s = asked_s
            self._asked[phone] = now + asked_s
        self._until[phone] = now + wait_s
        self._reasons[phone] = reason
        return wait_s + LATER_S

    def succeed(self, phone: Any) -> None:
        """A phone's service has taken one."""
        for known in (self._down_since, self._until, self._asked, self._reasons):
            known.pop(phone, None)

    def is_down(self, phone: Any) -> bool:
        """Whether a phone's service has not taken the last notification."""
        return phone in self._down_since

    def left_s(self, phone: Any, *, is_first: bool) -> float:
        """Seconds until a phone is tried again; 0 if that may be now.

        Args:
            phone: The phone.
            is_first: Whether the notification was not tried yet. It may be tried during an outage,
                which may be over, but not against the wish of the service.
        """
        until = self._asked if is_first else self._until
        left_s = until.get(phone, 0.0) - time.monotonic()
        return left_s + LATER_S if left_s > 0 else 0.0

    def reason(self, phone: Any) -> str:
        """Why a phone rests, in words."""
        return self._reasons.get(phone, "")
