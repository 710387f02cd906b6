"""Takes what phones say on the page about web push, and reports it: `doorbell.push_changed`."""

from datetime import UTC, datetime

from hub.features.commands.command_events import CommandEvents
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.reporter import Report
from hub.wire import topics
from hub.wire.command import Subscribe


class PushService(CommandEvents):
    """Turns the command `subscribe` into an event: the page has no journal, `notify` may be off."""

    commands = ("subscribe",)
    kinds = (topics.PUSH_CHANGED,)

    def report_of(self, command: Subscribe, received: ReceivedCommand) -> Report:
        """See CommandEvents."""
        _, phone = received.target
        data = {"subscription": command.subscription}
        return Report(topics.PUSH_CHANGED, phone, data, datetime.now(UTC), command.id)
