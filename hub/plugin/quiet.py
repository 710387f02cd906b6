"""What a handler asks before it makes a noise."""

from datetime import datetime

from config import Quiet as Hours
from config import Settings
from hub.mqtt.bus import Bus, Message
from hub.wire import topics
from hub.wire.quiet import QuietState, by_schedule, decode


class Quiet:
    """What a handler asks before it makes a noise."""

    def __init__(self) -> None:
        self._hours = Hours()
        self._told: QuietState | None = None
        self._pretended: str | None = None

    def attach(self, settings: Settings, bus: Bus) -> None:
        """Listen to this house's hub; until it has spoken, the settings are what counts."""
        self._hours = settings.quiet
        bus.subscribe(topics.quiet(topics.source("hub", settings.hub)), self._receive, qos=0)

    def reason(self) -> str | None:
        """Why nothing may make a noise now, in words; None when it may."""
        if self._pretended is not None:
            return self._pretended
        state = self.state()
        return state.words if state.quiet else None

    def state(self) -> QuietState:
        """How it is now: what the hub has told counts until it ends, and then the clock does again.

        The hub's word also counts over our settings: they may be older than its own, or read in another time zone.
        """
        told, now = self._told, datetime.now().astimezone()
        if told and (told.until is None or now < told.until):
            return told
        return by_schedule(self._hours, now)

    def pretend(self, reason: str | None) -> None:
        """In a test: be quiet for this reason; None: ask the clock again."""
        self._pretended = reason

    def _receive(self, message: Message) -> None:
        message.ack()
        self._told = decode(message.payload) or self._told


quiet = Quiet()
