"""Takes what phones say on the page about web push, and reports it: `doorbell.push_changed`."""

from datetime import UTC, datetime

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.producer.producer import Producer
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.command import Subscribe


class PushService(Feature):
    """Turns commands of the page into events, so that `notify` gets each, also after an outage.

    The page has no journal, and `notify` may be off. A repeated command has the same id, and makes
    no second event: the first one is published once more, as the confirmation.
    """

    def __init__(
        self, settings: Settings, reporter: Reporter, producer: Producer, bus: Bus
    ) -> None:
        self._reporter = reporter
        self._producer = producer
        bus.on_command("subscribe", settings.hub, self._receive)

    def _receive(self, received: ReceivedCommand) -> None:
        order = received.command
        _, phone = received.target
        if not isinstance(order, Subscribe):
            return
        if self._reporter.waits_with(order.id):
            return  # no acknowledgement yet: its event waits for the disk
        if self._reporter.knows(order.id):
            self._confirm_again(order.id)
        elif topics.is_name(phone):
            data = {"subscription": order.subscription}
            now = datetime.now(UTC)
            self._reporter.report(Report(topics.PUSH_CHANGED, phone, data, now, order.id))
        received.ack()

    def _confirm_again(self, event_id: str) -> None:
        event = self._producer.find(event_id)
        if event and event.type == topics.PUSH_CHANGED:
            self._producer.publish_again(event)
