"""Presses a button, or drills, from another process: sends the command and waits for the event."""

import os
import threading

from config import Settings
from hub.mqtt.bus import Bus
from hub.wire import topics
from hub.wire.command import Drill, Press
from hub.wire.event import Event, uuid7

PATIENCE_S = 5.0
AGAIN_S = 1.0  # the command is repeated, for a hub that restarts; its id makes it one press


class PressError(RuntimeError):
    """The bell did not ring; the text says why and what to do."""


class PressClient:
    """Presses buttons over a bus, one at a time; or drills, which rings no bell."""

    def __init__(self, bus: Bus, settings: Settings, *, drill: bool = False) -> None:
        self._bus = bus
        self._hub = settings.hub
        self._command = Drill if drill else Press
        self._source = topics.source("cli", str(os.getpid()))
        self._wanted = ""
        self._rang = threading.Event()
        self._event: Event | None = None
        kind = topics.DRILLED if drill else topics.PRESSED
        bus.on_event(kind, self._receive)

    def press(self, door: str) -> Event:
        """Press, and wait until the hub confirms it.

        Raises:
            PressError: there is no broker, or no hub.
        """
        if not self._bus.connected.wait(PATIENCE_S):
            raise PressError(self._bus.absence)
        self._rang.clear()
        self._event = None
        self._wanted = uuid7()
        command = self._command(self._wanted)
        for _ in range(int(PATIENCE_S / AGAIN_S)):
            self._bus.command(self._source, command, self._hub, door)
            if self._rang.wait(AGAIN_S) and self._event:
                return self._event
        raise PressError(
            f"the hub {self._hub!r} does not answer. Is it running? `doorbell run` shows it"
        )

    def _receive(self, event: Event) -> None:
        if event.id == self._wanted:
            self._event = event
            self._rang.set()


def press_and_wait(settings: Settings, door: str) -> Event:
    """Press over a separate connection.

    Raises:
        PressError: there is no broker, or no hub.
    """
    bus = Bus(settings.broker)
    client = PressClient(bus, settings)
    bus.start()
    try:
        return client.press(door)
    finally:
        bus.stop()
