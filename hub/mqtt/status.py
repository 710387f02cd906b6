"""How this process is: published, kept by the broker, and published again after each reconnect."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from hub.mqtt.bus import Bus, Message, Will
from hub.mqtt.rival import Rival
from hub.system import sd_notify
from hub.system.backoff import Repeater
from hub.system.clock import rfc3339
from hub.wire.codec import JSON, BadMessage
from hub.wire.retained import status
from hub.wire.retained.status import ProcessState, Reason, Status
from hub.wire.topics import Topics

log = logging.getLogger(__name__)
REPEAT_S = 10.0  # shorter than a rival waits before it is settled
LOST_S = 10.0  # what has not come back after so long never will
OnRival = Callable[[str], None]


def will(source: str, root: str) -> Will:
    """The status that the broker publishes when this process vanishes."""
    return Will(Topics(root).status(source), status.VANISHED.encode())


class StatusPublisher:
    """Publishes `starting`, `ready`, `failed` or `offline`: the last word on its topic is its own.

    It is published again after each reconnect, and when another status takes its place: the last
    will of an earlier connection, a forged one, or that of a second process of this source. The
    more often that happens the longer it waits, so that two do not overwrite each other for ever.

    Attributes:
        reacts_to: The event types of a handler; None as long as they are not known.
        doors: The doors that its settings name; None for all.
        speaks: True for a handler that says to the visitor what a person writes.
    """

    def __init__(self, bus: Bus, source: str, on_rival: OnRival = log.error) -> None:
        """Prepare.

        Args:
            bus: Not yet started.
            source: This process.
            on_rival: Called once, in a thread of the bus, when this process has to end because
                another one of its source is alive; with the reason in words. From then on nothing
                is published.
        """
        self.reacts_to: tuple[str, ...] | None = None
        self.doors: tuple[str, ...] | None = None
        self.speaks: bool | None = None
        self._bus = bus
        self._rival = Rival(source)
        self._on_rival = on_rival
        self._has_yielded = False
        self._repeat = Repeater(self._publish, first_s=0.05, longest_s=REPEAT_S)
        self._last = b""
        self._last_s = 0.0  # when it was published, monotonic
        self._unheard: deque[bytes] = deque(maxlen=20)  # published, and not yet come back
        self._lock = threading.Lock()  # never held while publishing
        self._topic = bus.topics.status(source)
        self._state: ProcessState = "starting"
        self._reason: Reason = ""
        self._detail = ""
        self._notes: dict[str, tuple[Reason, str]] = {}
        bus.note = self.note
        bus.on_connect.append(self._connected)
        bus.subscribe(self._topic, self._heard, qos=0)
        bus.on_retry.append(self._publish)
        bus.on_remind.append(self._publish)

    def set(self, state: ProcessState, reason: Reason = "", detail: str = "") -> None:
        """Publish how this process is now.

        Args:
            state: What it does.
            reason: Why, as a code; with a detail alone it is `fault`.
            detail: Why, in words for the person who has to repair it.
        """
        self._state = state
        self._reason = reason or ("fault" if detail else "")
        self._detail = detail
        self._publish()

    def note(self, part: str, detail: str, reason: Reason = "fault") -> None:
        """Publish what is wrong with a part, while the rest works.

        Args:
            part: Which: its last words count.
            detail: What is wrong; empty when it is repaired.
            reason: `fault`, or `private` for what is so by somebody's will.
        """
        if detail:
            self._notes[part] = reason, detail
        else:
            self._notes.pop(part, None)
        if self._state == "ready":
            self._publish()

    def _connected(self) -> None:
        with self._lock:
            self._unheard.clear()
        self._rival.connected()
        self._publish()

    def _heard(self, message: Message) -> None:
        """A status on our own topic. What comes as retained was there before this connection."""
        message.ack()
        if message.retained or self._has_yielded:
            return
        if self._is_own(message.payload):
            self._rival.heard_own()
        elif not self._is_about_to_be_replaced():
            self._answer(message.payload)

    def _is_own(self, payload: bytes) -> bool:
        with self._lock:
            if payload in self._unheard:
                while self._unheard.popleft() != payload:
                    pass
                return True
            return payload == self._last

    def _is_about_to_be_replaced(self) -> bool:
        """Whether our own last status will follow; it may also have been lost (QoS 0)."""
        with self._lock:
            return bool(self._unheard) and time.monotonic() - self._last_s < LOST_S

    def _answer(self, payload: bytes) -> None:
        with suppress(BadMessage):
            if reason := self._rival.heard(Status.decode(payload)):
                self._has_yielded = True
                sd_notify.status("failed", reason)
                self._on_rival(reason)
                return
        self._repeat.ask()

    def _publish(self) -> None:
        if self._has_yielded:
            return
        with self._lock:
            told = self._told()
            payload = told.encode()
            self._last = payload
            self._last_s = time.monotonic()
            self._unheard.append(payload)
        sd_notify.status(told.state, told.words)
        if self._bus.publish(self._topic, payload, retain=True, content_type=JSON) is None:
            with self._lock:
                self._unheard.clear()

    def _told(self) -> Status:
        """How it is now. Two threads may publish at once: the last one that asked here is right."""
        reason, detail = self._why()
        return status.status(
            self._state,
            reason,
            detail,
            self.reacts_to,
            self.doors,
            speaks=self.speaks,
            time=rfc3339(datetime.now(UTC), "seconds"),
            pid=os.getpid(),
            mqtt=self._bus.protocol,
            instance=self._rival.instance,
            host=self._rival.host,
            settled=self._rival.is_settled,
        )

    def _why(self) -> tuple[Reason, str]:
        """The reason of the state; of a ready process, also what is wrong with its parts."""
        if self._state != "ready":
            return self._reason, self._detail
        own: tuple[Reason, str] = self._reason, self._detail
        refused: tuple[Reason, str] = "fault", self._bus.refusals.words
        faults = [one for one in (own, *self._notes.values(), refused) if one[1]]
        if not faults:
            return self._reason, ""
        reasons = {reason for reason, _ in faults}
        reason: Reason = "private" if reasons == {"private"} else "fault"
        return reason, "; ".join(detail for _, detail in faults)
