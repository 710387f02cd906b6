"""Tells the hub that a phone wants web push, or no more; waits for `doorbell.push_changed`."""

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote.confirmed import ConfirmedCommands
from hub.wire import topics
from hub.wire.command import Subscribe
from hub.wire.event import Event, uuid7


class PushClient:
    """Tells it over a bus; many threads may do so at once."""

    def __init__(self, bus: Bus, settings: Settings, source: str) -> None:
        self._commands = ConfirmedCommands(bus, settings.hub, source, topics.PUSH_CHANGED)

    def change(self, phone: str, sealed: str) -> Event:
        """Tell it, and wait until the hub confirms it.

        Args:
            phone: The phone's name.
            sealed: Its subscription, from `push_seal.seal`; empty for no more notifications.

        Raises:
            UnconfirmedError: there is no broker, or no hub.
        """
        command = Subscribe(uuid7(), sealed)
        return self._commands.give(command, phone)
