"""Commands that become one event each: what features that take them share."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from config import Settings
from hub.features.commands.repeats import Repeats
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics


class CommandEvents(Feature):
    """Turns commands into events, which a handler gets also after an outage.

    A repeated command (nobody confirmed it, or a link was followed twice) has the same id. It makes
    no second event: the first one is published once more, so that the sender gets its confirmation.
    Inboxes drop the repeat. A bare word has no id: see `Repeats`.

    Args:
        settings: Those of the house, with the name of this hub.
        reporter: Journals the events.
        producer: Publishes them again.
        bus: The connection.

    Attributes:
        commands: The names of the commands.
        kinds: The types of the events that they become.
    """

    commands: ClassVar[Sequence[str]]
    kinds: ClassVar[Sequence[str]]

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        self._settings = settings
        self._reporter = reporter
        self._producer = producer
        self._repeats = Repeats()
        for name in self.commands:
            bus.on_command(name, settings.hub, self._receive)

    @abstractmethod
    def report_of(self, command: Any, received: ReceivedCommand) -> Report:
        """The event that a command becomes."""

    def is_target(self, subject: str) -> bool:
        """Whether a command can be for this; perhaps a door that the settings no longer have."""
        return topics.is_name(subject)

    def is_awaited(self, received: ReceivedCommand) -> bool:  # noqa: ARG002 - for subclasses
        """Whether the sender of a repeated command waits for its confirmation."""
        return True

    def _receive(self, received: ReceivedCommand) -> None:
        command: Any = received.command
        _, subject = received.target
        if self._reporter.waits_with(command.id):
            return  # no acknowledgement yet: its event waits for the disk
        if self.is_target(subject):
            self._take(command, received)
        received.ack()

    def _take(self, command: Any, received: ReceivedCommand) -> None:
        if command.id and self._reporter.knows(command.id):
            if self.is_awaited(received):
                self._confirm_again(command.id)
        elif command.id or not self._repeats.has(received):
            self._reporter.report(self.report_of(command, received))

    def _confirm_again(self, event_id: str) -> None:
        event = self._producer.journal.find(event_id)
        if event and event.type in self.kinds:  # else it has the same id by chance or malice
            self._producer.publish_again(event)
