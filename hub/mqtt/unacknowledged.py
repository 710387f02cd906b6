"""What the broker has yet to acknowledge: a broker that lost it, or us, must be noticed."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from paho.mqtt.client import MQTTMessageInfo

ANSWER_S = 10.0  # after so long without an acknowledgement a new connection is made


class Unacknowledged:
    """The acknowledgements that a connection waits for (PUBACK, SUBACK; MQTT 5, 3.4 and 3.9)."""

    def __init__(self) -> None:
        self._published: deque[tuple[float, MQTTMessageInfo]] = (
            deque()
        )  # each with its monotonic deadline
        self._subscribed: dict[
            int, tuple[float, Sequence[str]]
        ] = {}  # by packet number, with deadline
        self._lock = threading.Lock()

    def clear(self) -> None:
        """A new connection: nothing is under way in it."""
        with self._lock:
            self._published.clear()
            self._subscribed.clear()

    def published(self, info: MQTTMessageInfo) -> None:
        """This was published."""
        with self._lock:
            self._published.append((time.monotonic() + ANSWER_S, info))
            self._forget_acknowledged()

    def subscribed(self, number: int, filters: Sequence[str]) -> None:
        """These topics were asked for in the packet of that number."""
        with self._lock:
            self._subscribed[number] = (time.monotonic() + ANSWER_S, filters)

    def confirmed(self, number: int) -> Sequence[str]:
        """The broker has answered to that packet; gives the topics that it was about."""
        with self._lock:
            return self._subscribed.pop(number, (0.0, ()))[1]

    def overdue(self) -> str:
        """What the broker should have acknowledged by now; empty when all is well."""
        now = time.monotonic()
        with self._lock:
            self._forget_acknowledged()
            if late := [
                name
                for deadline, names in self._subscribed.values()
                if deadline < now
                for name in names
            ]:
                return f"that we listen to {', '.join(late)}"
            return "what we published" if self._published and self._published[0][0] < now else ""

    def drain(self, patience_s: float) -> None:
        """Wait until all that was published is acknowledged, for so long at most."""
        deadline = time.monotonic() + patience_s
        for _, info in tuple(self._published):
            with suppress(RuntimeError, ValueError):  # it never left
                info.wait_for_publish(max(0.01, deadline - time.monotonic()))

    def _forget_acknowledged(self) -> None:
        while self._published and _is_done(self._published[0][1]):
            self._published.popleft()


def _is_done(info: MQTTMessageInfo) -> bool:
    try:
        return info.is_published()
    except (RuntimeError, ValueError):
        return True  # paho gave it up: there is nothing to wait for
