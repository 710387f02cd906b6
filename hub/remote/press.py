"""Presses a button, or drills, from another process: sends the command and waits for the event."""

import os

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote.confirmed import ConfirmedCommands
from hub.wire import topics
from hub.wire.command import Drill, Press
from hub.wire.event import Event, uuid7


class PressClient:
    """Presses buttons over a bus; or drills, which rings no bell."""

    def __init__(
        self, bus: Bus, settings: Settings, source: str = "", *, drill: bool = False
    ) -> None:
        """Listen to the hub.

        Args:
            bus: The connection.
            settings: Of the house.
            source: Who presses; without it, the command line.
            drill: Whether presses are drills.
        """
        source = source or topics.source("cli", str(os.getpid()))
        self._command = Drill if drill else Press
        kind = topics.DRILLED if drill else topics.PRESSED
        self._commands = ConfirmedCommands(bus, settings.hub, source, kind)

    def press(self, door: str, press_id: str | None = None) -> Event:
        """Press, and wait until the hub confirms it.

        Args:
            door: Where.
            press_id: Becomes the event's id: two presses with the same id are one.

        Raises:
            UnconfirmedError: there is no broker, or no hub.
        """
        command = self._command(press_id or uuid7())
        return self._commands.give(command, door)


def press_and_wait(settings: Settings, door: str) -> Event:
    """Press over a separate connection.

    Raises:
        UnconfirmedError: there is no broker, or no hub.
    """
    bus = Bus(settings.broker)
    client = PressClient(bus, settings)
    bus.start()
    try:
        return client.press(door)
    finally:
        bus.stop()
