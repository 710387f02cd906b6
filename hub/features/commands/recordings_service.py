"""Takes commands about recordings, and reports each as one event: `doorbell.recordings_wanted`."""

from datetime import UTC, datetime
from typing import Any

from config import Settings
from hub.features.commands.command_events import CommandEvents
from hub.mqtt.bus import Bus
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.recordings import Recordings


class RecordingsService(CommandEvents):
    """Turns the command `recordings` into an event, which a recorder gets whenever it can."""

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        kind = topics.RECORDINGS_WANTED
        super().__init__(reporter, producer, bus, hub=settings.hub, command="recordings", kind=kind)

    def report_of(self, command: Recordings, subject: str) -> Report:
        """See CommandEvents. The press that began the visit is its cause, where we have it."""
        data: dict[str, Any] = command.to_wire()
        del data["id"]
        press = self._producer.find(command.visit)
        now = datetime.now(UTC)
        return Report(topics.RECORDINGS_WANTED, subject, data, now, command.id, press)
