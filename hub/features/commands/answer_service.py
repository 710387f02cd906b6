"""Takes the answers to a visitor and reports each as one event: `visitor.answered`."""

import logging
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hub.features.commands.command_events import CommandEvents
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.reporter import Report
from hub.wire import topics
from hub.wire.command import Answer
from hub.wire.event import Event

log = logging.getLogger(__name__)
VIA = {"web": "link", "cli": "command"}  # how an answer came, by the role of its sender
PATIENCE_S = 120.0  # a visitor who has not pressed for so long has left


class AnswerService(CommandEvents):
    """Turns answers into `visitor.answered`."""

    commands = ("answer",)
    kind = topics.ANSWERED

    def is_target(self, subject: str) -> bool:
        """See CommandEvents. Only doors of the settings."""
        if subject in self._settings.doors:
            return True
        log.warning("an answer at %s is refused: there is no such door", subject)
        return False

    def report_of(self, command: Answer, received: ReceivedCommand) -> Report:
        """See CommandEvents. The press that it answers is its cause, where we have that press."""
        _, door = received.target
        press = self._producer.find(command.press) if command.press else None
        data: dict[str, Any] = {
            "name": self._settings.door_name(door),
            "via": VIA[topics.role_of(received.source)],
            "answer": command.answer,
            "by": command.by,
            "press": command.press,
            "late": press is not None and self._has_left(press),
        }
        return Report(self.kind, door, data, datetime.now(UTC), command.id or None, press)

    def _has_left(self, press: Event) -> bool:
        """Whether this visitor has left, and nobody or another one is at the door now."""
        ages = [*self._producer.ages_from(press, topics.PRESSES), 0.0]
        return any(earlier - later > PATIENCE_S for earlier, later in pairwise(ages))
