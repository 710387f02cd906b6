"""Presses and drills from afar: a command on the broker rings as a finger on the button does."""

import json
import logging
import re
from datetime import UTC, datetime

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus, Message
from hub.producer.reporter import Report, Reporter
from hub.wire import topics

log = logging.getLogger(__name__)
TYPES = {"press": topics.PRESSED, "drill": topics.DRILLED}
_ID = re.compile(r"[0-9a-f-]{36}")


class RemotePress(Feature):
    """Takes the commands `press` and `drill`.

    The command's id becomes the event's id, so that a command delivered twice rings once.
    """

    def __init__(self, settings: Settings, reporter: Reporter, bus: Bus) -> None:
        self._settings = settings
        self._reporter = reporter
        bus.subscribe(topics.press("doorbell/+/+", settings.hub, "+"), self._receive)
        bus.subscribe(topics.drill("doorbell/+/+", settings.hub, "+"), self._receive)

    def _receive(self, message: Message) -> None:
        *_, command, _, door = message.topic.split("/")
        command_id = _id_in(message.payload)
        if command_id and self._reporter.waits_with(command_id):
            return  # no acknowledgement yet: its event waits for the disk
        if fault := self._fault_in(message, door, command_id):
            log.warning("%s: this %s command is refused: %s", message.topic, command, fault)
        elif command_id and not self._reporter.knows(command_id):
            data = {"name": self._settings.door_name(door), "via": "command"}
            now = datetime.now(UTC)
            self._reporter.report(Report(TYPES[command], door, data, now, command_id))
        message.ack()

    def _fault_in(self, message: Message, door: str, command_id: str | None) -> str | None:
        if message.retained:
            return "it is retained, and a press is never retained"
        if door not in self._settings.doors:
            return f"there is no such door. There are: {', '.join(self._settings.doors)}"
        if command_id is None:
            return 'it is no JSON with an "id" of 36 hexadecimal digits and dashes'
        return None


def _id_in(payload: bytes) -> str | None:
    """The command's id; None when there is no valid one."""
    try:
        command_id = json.loads(payload)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    is_id = isinstance(command_id, str) and _ID.fullmatch(command_id)
    return command_id if is_id else None
