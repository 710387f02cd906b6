"""Takes the answers to a visitor and reports each as one event: `visitor.answered`."""

import logging
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hub.features.commands.command_events import CommandEvents
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.reporter import Report
from hub.store.guest_book.rules import rules_of
from hub.wire import topics
from hub.wire.command import Answer
from hub.wire.event import Event

log = logging.getLogger(__name__)
VIA = {"web": "link", "cli": "command"}  # how an answer came, by the role of its sender


class AnswerService(CommandEvents):
    """Turns answers into `visitor.answered`."""

    commands = ("answer",)
    kinds = (topics.ANSWERED,)

    def is_target(self, subject: str) -> bool:
        """See CommandEvents. Only doors of the settings."""
        if subject in self._settings.doors:
            return True
        log.warning("an answer at %s is refused: there is no such door", subject)
        return False

    def report_of(self, command: Answer, received: ReceivedCommand) -> Report:
        """See CommandEvents. The press that it answers is its cause, where we have that press."""
        _, door = received.target
        press = self._producer.journal.find(command.press) if command.press else None
        data: dict[str, Any] = {
            "name": self._settings.door_name(door),
            "via": VIA[topics.role_of(received.source)],
            "answer": command.answer,
            "by": command.by,
            "press": command.press,
            "late": press is not None and self._has_left(press),
        }
        return Report(topics.ANSWERED, door, data, datetime.now(UTC), command.id or None, press)

    def _has_left(self, press: Event) -> bool:
        """Whether this visitor has left, and nobody or another one is at the door now."""
        ages = [*self._producer.journal.ages_from(press, topics.PRESSES), 0.0]
        patience_s = rules_of(self._settings).missed_after_s
        return any(earlier - later > patience_s for earlier, later in pairwise(ages))
