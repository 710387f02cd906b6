"""Presses and drills from afar: a command on the broker rings as a finger on the button does."""

import logging
from datetime import UTC, datetime

from hub.features.commands.command_events import CommandEvents
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.reporter import Report
from hub.wire import topics
from hub.wire.command import Drill, Press

log = logging.getLogger(__name__)


class RemotePress(CommandEvents):
    """Takes the commands `press` and `drill`.

    The command's id becomes the event's id, so that a command delivered twice rings once. Only
    doorbell-web waits for the confirmation of a repeat.
    """

    commands = ("press", "drill")
    kinds = (topics.PRESSED, topics.DRILLED)

    def is_target(self, subject: str) -> bool:
        """See CommandEvents. Only doors of the settings."""
        if subject in self._settings.doors:
            return True
        doors = ", ".join(self._settings.doors)
        words = "a command for %s is refused: there is no such door. There are: %s"
        log.warning(words, subject, doors)
        return False

    def is_awaited(self, received: ReceivedCommand) -> bool:
        """See CommandEvents."""
        return _is_web(received)

    def report_of(self, command: Press | Drill, received: ReceivedCommand) -> Report:
        """See CommandEvents."""
        _, door = received.target
        kind = topics.DRILLED if isinstance(command, Drill) else topics.PRESSED
        via = "link" if _is_web(received) else "command"
        data = {"name": self._settings.door_name(door), "via": via}
        return Report(kind, door, data, datetime.now(UTC), command.id or None)


def _is_web(received: ReceivedCommand) -> bool:
    return topics.role_of(received.source) == "web"
