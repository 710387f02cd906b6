"""Presses and drills from afar: a command on the broker rings as a finger on the button does."""

import logging
from datetime import UTC, datetime

from config import Settings
from hub.features.commands.command_events import confirm_again
from hub.features.commands.repeats import Repeats
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.command import Drill, Press

log = logging.getLogger(__name__)


class RemotePress(Feature):
    """Takes the commands `press` and `drill`.

    The command's id becomes the event's id, so that a command delivered twice rings once. To
    doorbell-web, which waits for its confirmation, the event is then published once more: inboxes
    drop the repeat. A bare word has no id: see `Repeats`.
    """

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        self._settings = settings
        self._reporter = reporter
        self._producer = producer
        self._repeats = Repeats()
        bus.on_command("press", settings.hub, self._receive)
        bus.on_command("drill", settings.hub, self._receive)

    def _receive(self, received: ReceivedCommand) -> None:
        command = received.command
        _, door = received.target
        if not isinstance(command, Press | Drill):
            return
        if command.id and self._reporter.waits_with(command.id):
            return  # no acknowledgement yet: its event waits for the disk
        if door not in self._settings.doors:
            doors = ", ".join(self._settings.doors)
            words = "a command for %s is refused: there is no such door. There are: %s"
            log.warning(words, door, doors)
        elif command.id and self._reporter.knows(command.id):
            if _is_web(received):
                confirm_again(self._producer, command.id, topics.PRESSED)
        elif command.id or not self._repeats.has(received):
            kind = topics.DRILLED if isinstance(command, Drill) else topics.PRESSED
            via = "link" if _is_web(received) else "command"
            data = {"name": self._settings.door_name(door), "via": via}
            self._reporter.report(Report(kind, door, data, datetime.now(UTC), command.id or None))
        received.ack()


def _is_web(received: ReceivedCommand) -> bool:
    return topics.role_of(received.source) == "web"
