"""Takes the answers to a visitor and reports each as one event: `visitor.answered`."""

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
VIA = {"web": "link", "cli": "command"}  # how an answer came, by the role of its sender
ANSWER_LENGTH = 200  # a word like `coming`, or a sentence to be spoken at the door
PATIENCE = timedelta(seconds=120)  # a visitor who has not pressed for so long has left
_ID = re.compile(r"[0-9a-f-]{36}")
_BY_LENGTH = 64


class AnswerService(Feature):
    """Turns commands into `visitor.answered`.

    A repeated command (nobody confirmed it, or a link was followed twice) has the same id. It makes
    no second event: the first one is published once more, so that the sender gets its confirmation.
    Inboxes drop the repeat.
    """

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        self._settings = settings
        self._reporter = reporter
        self._journal = producer.journal
        self._bus = bus
        for role in VIA:
            bus.subscribe(topics.answered(f"doorbell/{role}/+", settings.hub, "+"), self._receive)

    def _receive(self, message: Message) -> None:
        _, role, _, _, _, door = message.topic.split("/")
        command = None
        if not message.retained and door in self._settings.doors:
            command = _read(message.payload)
        if command is None:
            log.warning("%s: this answer is refused: it is malformed", message.topic)
        elif self._reporter.waits_with(command["id"]):
            return  # no acknowledgement yet: its event waits for the disk
        elif self._reporter.knows(command["id"]):
            self._confirm_again(command["id"])
        else:
            self._report(door, VIA[role], command)
        message.ack()

    def _report(self, door: str, via: str, command: dict[str, str]) -> None:
        """Report the answer; the press that it answers is its cause, where we have that press."""
        press = self._journal.find(command["press"]) if command["press"] else None
        data: dict[str, Any] = {"name": self._settings.door_name(door), "via": via}
        data |= {key: command[key] for key in ("answer", "by", "press")}
        data["late"] = press is not None and self._has_left(press)
        now = datetime.now(UTC)
        self._reporter.report(Report(topics.ANSWERED, door, data, now, command["id"], press))

    def _has_left(self, press: Event) -> bool:
        """Whether this visitor has left, and nobody or another one is at the door now."""
        now = datetime.now(UTC)
        times = [*self._journal.times(topics.PRESSES, press.subject, press.time), now]
        return any(later - earlier > PATIENCE for earlier, later in pairwise(sorted(times)))

    def _confirm_again(self, event_id: str) -> None:
        event = self._journal.find(event_id)
        if event and event.type == topics.ANSWERED:
            self._bus.publish(event.topic, encode(event))


def _read(payload: bytes) -> dict[str, str] | None:
    """The command's fields; None when it is not what hub/asyncapi.yaml describes."""
    try:
        command = json.loads(payload)
        fields = {key: command[key] for key in ("id", "answer")}
        fields |= {key: command.get(key, "") for key in ("by", "press")}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in fields.values()):
        return None
    is_valid = (
        _ID.fullmatch(fields["id"])
        and is_answer(fields["answer"])
        and (not fields["press"] or _ID.fullmatch(fields["press"]))
        and len(fields["by"]) <= _BY_LENGTH
        and (fields["by"] or "x").isprintable()
    )
    return fields if is_valid else None


def is_answer(text: str) -> bool:
    """Whether this text may be an answer."""
    return len(text.strip()) > 0 and len(text) <= ANSWER_LENGTH and text.isprintable()
