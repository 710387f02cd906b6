"""Tells which messages belong to an event that there is already."""

import logging
import time
from collections.abc import Callable

from config import Trigger
from hub.features.triggers.message_ids import is_of
from hub.mqtt.bus import Message
from hub.producer.producer import Producer
from hub.store.state import StateError
from hub.wire.event import Event

log = logging.getLogger(__name__)
KEEP_S = 120  # for so long the broker keeps presses: then the visitor has left
REDELIVERED_S = 600.0  # KEEP_S, and the time in which a broker notices that the hub is gone
SOON_S = 2.0


class EarlierEvents:
    """The last events of each trigger, in this process and before."""

    def __init__(
        self, producer: Producer, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._producer = producer
        self._seconds = seconds
        self._reported_s: dict[str, float] = {}  # when each trigger last reported

    def note(self, name: str) -> None:
        """The trigger reports an event now."""
        self._reported_s[name] = self._seconds()

    def has_burst(self, name: str, trigger: Trigger) -> bool:
        """Whether the last event of this trigger was a moment ago."""
        if (last := self._reported_s.get(name)) is not None:
            return self._seconds() - last < trigger.every_s
        if trigger.on_change:  # this process has seen the state before: it did change
            return False
        return any(
            event.data.get("trigger") == name for event in self._recent(trigger, trigger.every_s)
        )

    def has(self, name: str, trigger: Trigger, message: Message) -> bool:
        """Whether a message that is marked as sent before (DUP) already has its event.

        Two presses of one button read alike, and the marked one may be the second: sent to a hub
        that died before it read it. But when the broker took the first one's event at once, it also
        got our acknowledgement of the first message, and does not send that again.
        """
        if not message.is_duplicate:
            return False
        return any(
            event.data.get("trigger") == name
            and is_of(event.id, message.topic, message.payload)
            and not self._was_published_soon(event)
            for event in self._recent(trigger, REDELIVERED_S)
        )

    def _recent(self, trigger: Trigger, within_s: float) -> list[Event]:
        """The events of that time; none where the journal cannot be read: the bell rings."""
        try:
            return self._producer.journal.recent(trigger.say, trigger.door, within_s)
        except StateError as error:
            log.warning("a press may ring twice: %s", error)
            return []

    def _was_published_soon(self, event: Event) -> bool:
        """Whether it was; likewise."""
        try:
            return self._producer.journal.was_published_soon(event.id, SOON_S)
        except StateError as error:
            log.warning("a press may ring twice: %s", error)
            return True
