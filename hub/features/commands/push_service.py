"""Takes what phones say on the page about web push, and reports it: `doorbell.push_changed`."""

from datetime import UTC, datetime

from config import Settings
from hub.features.commands.command_events import CommandEvents
from hub.mqtt.bus import Bus
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.command import Subscribe


class PushService(CommandEvents):
    """Turns the command `subscribe` into an event: the page has no journal, `notify` may be off."""

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        kind = topics.PUSH_CHANGED
        super().__init__(reporter, producer, bus, hub=settings.hub, command="subscribe", kind=kind)

    def report_of(self, command: Subscribe, subject: str) -> Report:
        """See CommandEvents. The subject is the phone."""
        data = {"subscription": command.subscription}
        return Report(topics.PUSH_CHANGED, subject, data, datetime.now(UTC), command.id)
