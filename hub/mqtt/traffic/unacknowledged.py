"""What the broker has yet to acknowledge: a broker that lost it, or us, must be noticed."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from paho.mqtt.client import MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

ANSWER_S = 10.0  # after so long without an acknowledgement a new connection is made
NOTED_S = 0.2  # a thread needs no longer to note what it has published
EARLY = 100  # answers that are kept until the packet is noted


class Unacknowledged:
    """The acknowledgements that a connection waits for (PUBACK, SUBACK; MQTT 5, 3.4 and 3.9)."""

    def __init__(self) -> None:
        # Each with its monotonic deadline and its topic.
        self._published: deque[tuple[float, MQTTMessageInfo, str]] = deque()
        # By packet number, with the deadline.
        self._subscribed: dict[int, tuple[float, Sequence[str]]] = {}
        self._early: dict[int, Sequence[ReasonCode]] = {}  # to packets that are not noted yet
        self._lock = threading.Condition()

    def clear(self) -> None:
        """A new connection: nothing is under way in it."""
        with self._lock:
            self._published.clear()
            self._subscribed.clear()
            self._early.clear()

    def published(self, info: MQTTMessageInfo, topic: str) -> None:
        """This was published to that topic."""
        with self._lock:
            self._forget_acknowledged()
            self._published.append((time.monotonic() + ANSWER_S, info, topic))
            self._lock.notify_all()

    def answered(self, number: int, *, taken: bool) -> str:
        """The broker has answered to the message of that number; gives its topic.

        paho takes a refusal for an acknowledgement: its `info` is told here. The answer may come
        before the publishing thread has noted the message, which it does next.
        """
        with self._lock:
            self._lock.wait_for(lambda: self._of(number), NOTED_S)
            if (found := self._of(number)) is None:
                return ""
            info, topic = found
            if not taken:
                info.rc = MQTTErrorCode.MQTT_ERR_ACL_DENIED
            return topic

    def _of(self, number: int) -> tuple[MQTTMessageInfo, str] | None:
        for _, info, topic in self._published:
            if info.mid == number and not _is_done(info):
                return info, topic
        return None

    def subscribed(self, number: int, filters: Sequence[str]) -> Sequence[ReasonCode] | None:
        """These topics were asked for in the packet of that number.

        Returns:
            The broker's answer, if it came before this was noted.
        """
        with self._lock:
            if number not in self._early:
                self._subscribed[number] = (time.monotonic() + ANSWER_S, filters)
            return self._early.pop(number, None)

    def confirmed(self, number: int, reasons: Sequence[ReasonCode]) -> Sequence[str]:
        """The broker has answered to that packet; gives the topics that it was about.

        There are none while the thread that has sent the packet has not noted it: it gets the
        answer then.
        """
        with self._lock:
            if number not in self._subscribed and len(self._early) < EARLY:
                self._early[number] = reasons
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
        for _, info, _ in tuple(self._published):
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
