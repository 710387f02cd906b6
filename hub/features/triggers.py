"""Turns messages of other devices, like a camera or a sensor, into events, by settings alone."""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from config import Settings, Trigger
from hub.features.feature import Feature
from hub.features.message_match import MISSING, find, matches, read_value
from hub.mqtt.bus import Bus, Message
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter

log = logging.getLogger(__name__)
TOPICS = 1000  # so many topics below wildcards are remembered


class Triggers(Feature):
    """Listens to the topics that `[triggers]` names.

    A retained message is a state, not an event: it never triggers. Where only changes count,
    neither does the first message after a start, because it may not be a change. What comes within
    `every_s` is one burst and one event, also when the hub starts again in the middle of it.
    """

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        producer: Producer,
        bus: Bus,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._reporter = reporter
        self._producer = producer
        self._seconds = seconds
        self._held: dict[str, bool] = {}  # by trigger and topic, whether its condition held last
        self._reported_s: dict[str, float] = {}  # when each trigger last reported
        self._refused: set[str] = set()
        for topic in dict.fromkeys(trigger.topic for trigger in settings.triggers.values()):
            bus.subscribe(topic, partial(self._receive, topic))

    def _receive(self, topic: str, message: Message) -> None:
        """Take a message of another device, in the network thread."""
        value = read_value(message.payload)
        for name, trigger in self._settings.triggers.items():
            if trigger.topic == topic:
                self._consider(name, trigger, message, value)
        message.ack()

    def _consider(self, name: str, trigger: Trigger, message: Message, value: Any) -> None:
        holds = trigger.when is None or matches(trigger.when, value)
        held = self._remember(f"{name} {message.topic}", holds=holds)
        if message.retained or not holds:
            return
        if trigger.on_change and held is not False:
            return
        if trigger.once_per is None:
            self._report(name, trigger, None)
            return
        found = find(trigger.once_per, value)
        if found is MISSING or found is None:
            self._refuse(name, f"its message has no {trigger.once_per}")
            return
        key = f"doorbell:{self._settings.hub}:{name}:{found}"
        self._report(name, trigger, str(uuid.uuid5(uuid.NAMESPACE_URL, key)))

    def _remember(self, place: str, *, holds: bool) -> bool | None:
        """Note whether the condition holds; returns what was noted before, None for nothing."""
        held = self._held.pop(place, None)
        self._held[place] = holds
        if len(self._held) > TOPICS:
            del self._held[next(iter(self._held))]
        return held

    def _report(self, name: str, trigger: Trigger, event_id: str | None) -> None:
        if event_id and self._reporter.knows(event_id):
            return
        if self._is_burst(name, trigger):
            return
        self._reported_s[name] = self._seconds()
        data: dict[str, Any] = {
            "name": self._settings.door_name(trigger.door),
            "via": "trigger",
            "trigger": name,
        }
        if trigger.what is not None:
            data["what"] = trigger.what
        if trigger.answer is not None:
            data |= {"answer": trigger.answer, "by": "", "press": ""}
        at = datetime.now(UTC)
        self._reporter.report(Report(trigger.say, trigger.door, data, at, event_id))

    def _is_burst(self, name: str, trigger: Trigger) -> bool:
        """Whether the last event of this trigger was a moment ago, in this process or before."""
        if (last := self._reported_s.get(name)) is not None:
            return self._seconds() - last < trigger.every_s
        if trigger.on_change:  # this process has seen the state before: it did change
            return False
        since = datetime.now(UTC) - timedelta(seconds=trigger.every_s)
        return any(
            event.data.get("trigger") == name and event.age_s() < trigger.every_s
            for event in self._producer.since(trigger.say, trigger.door, since)
        )

    def _refuse(self, name: str, why: str) -> None:
        """Log it once: the device will send the like again."""
        if name not in self._refused:
            self._refused.add(name)
            log.warning("[triggers.%s] %s: it is ignored", name, why)
