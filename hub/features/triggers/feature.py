"""Turns messages of other devices, like a camera or a sensor, into events, by settings alone."""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from config import Settings, Trigger
from hub.features.feature import Feature
from hub.features.triggers.earlier_events import KEEP_S, EarlierEvents
from hub.features.triggers.message_ids import id_of
from hub.features.triggers.message_match import MISSING, find, matches, read_value
from hub.mqtt.bus import Bus, Message
from hub.mqtt.connection import client_ids
from hub.mqtt.traffic.subscriptions import fits
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics

log = logging.getLogger(__name__)
TOPICS = 1000  # so many topics below wildcards are remembered
PATIENCE_S = 5


class Triggers(Feature):
    """Listens to the topics that `[triggers]` names.

    A retained message is a state, not an event: it never triggers. Where only changes count,
    neither does the first message after a start, because it may not be a change. What comes within
    `every_s` is one burst and one event, also when the hub starts again in the middle of it.

    Presses come by a connection of their own, for which the broker keeps what comes while the hub
    is away, where it can (`KEEP_S`). It delivers once more what was not acknowledged, and marks it:
    such a message is dropped if its event is in the journal (`EarlierEvents`).
    """

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        producer: Producer,
        bus: Bus,
        kept: Bus | None = None,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._reporter = reporter
        self._producer = producer
        self._bus = bus
        self._kept = kept
        self._apart = 0  # for how many seconds only one of the two had a connection
        self._earlier = EarlierEvents(producer, seconds=seconds)
        self._held: dict[str, bool] = {}  # by trigger and topic, whether its condition held last
        self._refused: set[str] = set()
        for is_press, connection in ((True, kept or bus), (False, bus)):
            named = _named(settings, is_press=is_press)
            receive = partial(self._receive, named)  # one for all: it gets each message once
            for topic in dict.fromkeys(trigger.topic for trigger in named.values()):
                connection.subscribe(topic, receive)

    @property
    def faults(self) -> list[str]:  # type: ignore[override]
        """Whether no button of another device is heard."""
        if self._kept is None:
            return []
        if self._kept.refusals:
            return [f"buttons of other devices: {self._kept.refusals.words}"]
        if self._apart < PATIENCE_S:
            return []
        return [f"buttons of other devices: {self._kept.absence}"]

    def tick(self) -> None:
        """See whether both connections stand."""
        self._apart += 1
        if self._kept is None or self._kept.connected.is_set() or not self._bus.connected.is_set():
            self._apart = 0

    def close(self) -> None:
        """Take no more presses: the broker keeps them, where it can."""
        if self._kept:
            self._kept.stop()

    def _receive(self, triggers: Mapping[str, Trigger], message: Message) -> None:
        """Take a message of another device, in the network thread."""
        value = read_value(message.payload)
        meant = {name: one for name, one in triggers.items() if fits(one.topic, message.topic)}
        for name, trigger in meant.items():
            self._consider(name, trigger, message, value)
        if any(trigger.once_per for trigger in meant.values()):
            self._producer.after_sync(message.ack)  # its event is published after the sync, too
        else:
            message.ack()

    def _consider(self, name: str, trigger: Trigger, message: Message, value: Any) -> None:
        holds = trigger.when is None or matches(trigger.when, value)
        held = self._remember(f"{name} {message.topic}", holds=holds)
        if message.retained or not holds:
            return
        if trigger.on_change and held is not False:
            return
        if trigger.once_per is None:
            if not self._earlier.has(name, trigger, message):
                self._report(name, trigger, id_of(message.topic, message.payload), seen_once=True)
            return
        found = find(trigger.once_per, value)
        if found is MISSING or found is None:
            self._refuse(name, f"its message has no {trigger.once_per}")
            return
        key = f"doorbell:{self._settings.hub}:{name}:{found}".encode("utf-8", "replace").decode()
        self._report(name, trigger, str(uuid.uuid5(uuid.NAMESPACE_URL, key)))

    def _remember(self, place: str, *, holds: bool) -> bool | None:
        """Note whether the condition holds; returns what was noted before, None for nothing."""
        held = self._held.pop(place, None)
        self._held[place] = holds
        if len(self._held) > TOPICS:
            del self._held[next(iter(self._held))]
        return held

    def _report(
        self, name: str, trigger: Trigger, event_id: str, *, seen_once: bool = False
    ) -> None:
        if not seen_once and self._reporter.knows(event_id):
            return
        if self._earlier.has_burst(name, trigger):
            return
        self._earlier.note(name)
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
        report = Report(trigger.say, trigger.door, data, at, event_id, seen_once=seen_once)
        self._reporter.report(report)

    def _refuse(self, name: str, why: str) -> None:
        """Log it once: the device will send the like again."""
        if name not in self._refused:
            self._refused.add(name)
            log.warning("[triggers.%s] %s: it is ignored", name, why)


def kept_bus(settings: Settings, source: str, user: str) -> Bus | None:
    """The connection for the buttons of other devices; None where there are none."""
    if not _named(settings, is_press=True):
        return None
    root = settings.broker.root
    client_id = client_ids.own(settings.state_dir, f"{source}-buttons", root)
    return Bus(settings.broker, client_id, user=user, keep_s=KEEP_S)


def _named(settings: Settings, *, is_press: bool) -> dict[str, Trigger]:
    """The triggers that press, or the others."""
    triggers = settings.triggers.items()
    return {name: one for name, one in triggers if (one.say == topics.PRESSED) == is_press}
