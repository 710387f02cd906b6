"""Takes commands about recordings, and reports each as one event: `doorbell.recordings_wanted`."""

from datetime import UTC, datetime
from typing import Any

from hub.features.commands.command_events import CommandEvents
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.reporter import Report
from hub.wire import topics
from hub.wire.recordings import Recordings


class RecordingsService(CommandEvents):
    """Turns the command `recordings` into an event, which a recorder gets whenever it can."""

    commands = ("recordings",)
    kinds = (topics.RECORDINGS_WANTED,)

    def report_of(self, command: Recordings, received: ReceivedCommand) -> Report:
        """See CommandEvents. The press that began the visit is its cause, where we have it."""
        _, door = received.target
        data: dict[str, Any] = command.to_wire()
        del data["id"]
        press = self._producer.journal.find(command.visit)
        now = datetime.now(UTC)
        return Report(topics.RECORDINGS_WANTED, door, data, now, command.id, press)
