"""Commands that have an id, and become one event each: what features that take them share."""

from abc import abstractmethod
from typing import Any, ClassVar

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.command import Subscribe
from hub.wire.recordings import Recordings


class CommandEvents(Feature):
    """Turns the commands of one type into events, which a handler gets also after an outage.

    A repeated command has the same id, and makes no second event: the first one is published once
    more, as the confirmation.

    Args:
        settings: Those of the house, with the name of this hub.
        reporter: Journals the events.
        producer: Publishes them again.
        bus: The connection.

    Attributes:
        command: The type of the commands.
        kind: The type of the events.
    """

    command: ClassVar[str]
    kind: ClassVar[str]

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        self._reporter = reporter
        self._producer = producer
        bus.on_command(self.command, settings.hub, self._receive)

    @abstractmethod
    def report_of(self, command: Any, subject: str) -> Report:
        """The event that a command becomes."""

    def _receive(self, received: ReceivedCommand) -> None:
        command = received.command
        _, subject = received.target
        if not isinstance(command, Subscribe | Recordings):
            return
        if self._reporter.waits_with(command.id):
            return  # no acknowledgement yet: its event waits for the disk
        if self._reporter.knows(command.id):
            confirm_again(self._producer, command.id, self.kind)
        elif topics.is_name(subject):  # perhaps of a door that the settings no longer have
            self._reporter.report(self.report_of(command, subject))
        received.ack()


def confirm_again(producer: Producer, event_id: str, kind: str) -> None:
    """Publish an event once more, for the sender of a repeated command: inboxes drop the repeat.

    Args:
        producer: Has the event in its journal.
        event_id: Of the command, and so of the event.
        kind: The type of the event. One of another type has the same id by chance or malice.
    """
    event = producer.find(event_id)
    if event and event.type == kind:
        producer.publish_again(event)
