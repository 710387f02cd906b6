"""Takes the answers to a visitor and reports each as one event: `visitor.answered`."""

import logging
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from config import Settings
from hub.features.commands.command_events import confirm_again
from hub.features.commands.repeats import Repeats
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.command import Answer
from hub.wire.event import Event

log = logging.getLogger(__name__)
VIA = {"web": "link", "cli": "command"}  # how an answer came, by the role of its sender
PATIENCE_S = 120.0  # a visitor who has not pressed for so long has left


class AnswerService(Feature):
    """Turns commands into `visitor.answered`.

    A repeated command (nobody confirmed it, or a link was followed twice) has the same id. It makes
    no second event: the first one is published once more, so that the sender gets its confirmation.
    Inboxes drop the repeat. A bare text has no id: see `Repeats`.
    """

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        self._settings = settings
        self._reporter = reporter
        self._producer = producer
        self._repeats = Repeats()
        bus.on_command("answer", settings.hub, self._receive)

    def _receive(self, received: ReceivedCommand) -> None:
        answer = received.command
        _, door = received.target
        if not isinstance(answer, Answer):
            return
        if answer.id and self._reporter.waits_with(answer.id):
            return  # no acknowledgement yet: its event waits for the disk
        if door not in self._settings.doors:
            log.warning("an answer at %s is refused: there is no such door", door)
        elif answer.id and self._reporter.knows(answer.id):
            confirm_again(self._producer, answer.id, topics.ANSWERED)
        elif answer.id or not self._repeats.has(received):
            self._report(door, VIA[topics.role_of(received.source)], answer)
        received.ack()

    def _report(self, door: str, via: str, answer: Answer) -> None:
        """Report the answer; the press that it answers is its cause, where we have that press."""
        press = self._producer.find(answer.press) if answer.press else None
        data: dict[str, Any] = {
            "name": self._settings.door_name(door),
            "via": via,
            "answer": answer.answer,
            "by": answer.by,
            "press": answer.press,
            "late": press is not None and self._has_left(press),
        }
        now = datetime.now(UTC)
        self._reporter.report(Report(topics.ANSWERED, door, data, now, answer.id or None, press))

    def _has_left(self, press: Event) -> bool:
        """Whether this visitor has left, and nobody or another one is at the door now."""
        ages = [*self._producer.ages_from(press, topics.PRESSES), 0.0]
        return any(earlier - later > PATIENCE_S for earlier, later in pairwise(ages))
