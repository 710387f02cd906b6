"""Hears that somebody answers the visitor, and says so: `visitor.answered`, once for each wish."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus, Message
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.event import Event, encode

log = logging.getLogger(__name__)
VIA = {"web": "link", "cli": "command"}  # what a wish came by, by the role of who says it
ANSWER_LENGTH = 200  # a word like `coming`, or a sentence to be spoken at the door
_ID = re.compile(r"[0-9a-f-]{36}")
_BY_LENGTH = 64
VISITOR = timedelta(
    seconds=120
)  # who has not pressed for so long has gone; who presses then is the next one


class AnswerService(Feature):
    """The hub's ear for answers.

    A wish said again (nobody confirmed it, or a link was followed twice) has the same id. It makes no second event: the
    first one is published once more, so that whoever waits for it hears that it was said. Inboxes drop the repeat.
    """

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        self._settings, self._reporter, self._journal, self._bus = (
            settings,
            reporter,
            producer.journal,
            bus,
        )
        for role in VIA:
            bus.subscribe(topics.answered(f"doorbell/{role}/+", settings.hub, "+"), self._hear)

    def _hear(self, message: Message) -> None:
        _, role, _, _, _, door = message.topic.split("/")
        wish = (
            None if message.retained or door not in self._settings.doors else _read(message.payload)
        )
        if wish is None:
            log.warning("%s: not an answer that I can pass on", message.topic)
        elif self._reporter.waits_with(wish["id"]):
            return  # heard already, and waiting for the disk
        elif self._reporter.knows(wish["id"]):
            self._say_again(wish["id"])
        else:
            self._say(door, VIA[role], wish)
        message.ack()

    def _say(self, door: str, via: str, wish: dict[str, str]) -> None:
        """On the disk, then on its way; as what follows from the press, where we have that."""
        data: dict[str, Any] = {"name": self._settings.door_name(door), "via": via}
        data |= {key: wish[key] for key in ("answer", "by", "press")}
        press = self._journal.find(wish["press"]) if wish["press"] else None
        data["late"] = press is not None and self._has_gone(press)
        self._reporter.report(
            Report(topics.ANSWERED, door, data, datetime.now(UTC), wish["id"], press)
        )

    def _has_gone(self, press: Event) -> bool:
        """Whether who pressed then has gone: nobody rings at that door now, or somebody else does."""
        now = datetime.now(UTC)
        times = [*self._journal.times(topics.PRESSES, press.subject, press.time), now]
        return any(later - earlier > VISITOR for earlier, later in pairwise(sorted(times)))

    def _say_again(self, said: str) -> None:
        event = self._journal.find(said)
        if event and event.type == topics.ANSWERED:
            self._bus.publish(event.topic, encode(event))


def _read(payload: bytes) -> dict[str, str] | None:
    """What is wished; None when it is not as hub/asyncapi.yaml has it."""
    try:
        wish = json.loads(payload)
        found = {key: wish[key] for key in ("id", "answer")} | {
            key: wish.get(key, "") for key in ("by", "press")
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in found.values()):
        return None
    good = (
        _ID.fullmatch(found["id"])
        and is_answer(found["answer"])
        and (not found["press"] or _ID.fullmatch(found["press"]))
        and len(found["by"]) <= _BY_LENGTH
        and (found["by"] or "x").isprintable()
    )
    return found if good else None


def is_answer(text: str) -> bool:
    """Whether somebody may answer with this."""
    return len(text.strip()) > 0 and len(text) <= ANSWER_LENGTH and text.isprintable()
