"""Takes commands about recordings, and reports each as one event: `doorbell.recordings_wanted`."""

from datetime import UTC, datetime
from typing import Any

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.recordings import Recordings


class RecordingsService(Feature):
    """Turns the command `recordings` into an event, which a recorder gets also after an outage.

    A repeated command has the same id, and makes no second event: the first one is published once
    more, as the confirmation.
    """

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        self._reporter = reporter
        self._producer = producer
        bus.on_command("recordings", settings.hub, self._receive)

    def _receive(self, received: ReceivedCommand) -> None:
        order = received.command
        _, door = received.target
        if not isinstance(order, Recordings):
            return
        if self._reporter.waits_with(order.id):
            return  # no acknowledgement yet: its event waits for the disk
        if self._reporter.knows(order.id):
            self._confirm_again(order.id)
        elif topics.is_name(door):  # perhaps one that the settings no longer have
            self._report(door, order)
        received.ack()

    def _report(self, door: str, order: Recordings) -> None:
        """The press that began the visit is its cause, where we have that press."""
        data: dict[str, Any] = order.to_wire()
        del data["id"]
        now = datetime.now(UTC)
        press = self._producer.find(order.visit)
        kind = topics.RECORDINGS_WANTED
        self._reporter.report(Report(kind, door, data, now, order.id, press))

    def _confirm_again(self, event_id: str) -> None:
        event = self._producer.find(event_id)
        if event and event.type == topics.RECORDINGS_WANTED:
            self._producer.publish_again(event)
