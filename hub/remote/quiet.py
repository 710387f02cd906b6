"""Asks a running hub to be quiet, or whether it is."""

import os
import threading

from config import Settings
from hub.mqtt.bus import Bus
from hub.plugin.house.quiet import Quiet
from hub.remote.confirmed import AGAIN_S, PATIENCE_S, UnconfirmedError, UnsentError
from hub.remote.statuses import unanswered
from hub.wire import command, topics
from hub.wire.event import uuid7
from hub.wire.retained.quiet import QuietState


def ask(settings: Settings, word: str | None, for_s: float | None) -> QuietState:
    """Send a command and wait until the hub confirms it; without a command only ask.

    Args:
        settings: Of this house.
        word: `on`, `off` or `auto`; None to ask.
        for_s: For how many seconds; None until the next command.

    Raises:
        UnsentError: there is no broker.
        UnconfirmedError: there is no hub, or it does not answer.
    """
    bus = Bus(settings.broker)
    client = QuietClient(bus, settings)
    bus.start()
    try:
        if word:
            return client.send(word, for_s)
        if not bus.connected.wait(PATIENCE_S):
            raise UnsentError(bus.absence)
        return client.look()
    finally:
        bus.stop()


class QuietClient:
    """Sends commands and waits for the state that the hub publishes; many threads may do so."""

    def __init__(self, bus: Bus, settings: Settings, source: str = "") -> None:
        """Listen to the hub.

        Args:
            bus: The connection, not yet started.
            settings: Of the house.
            source: Who gives the commands; without it, the command line.
        """
        self._settings = settings
        self._bus = bus
        self._source = source or topics.source("cli", str(os.getpid()))
        self._state: QuietState | None = None
        self._received = threading.Event()
        self._wanted = ""
        self._lock = threading.Lock()
        bus.on_quiet(topics.source("hub", settings.hub), self._receive)

    def send(self, word: str, for_s: float | None = None) -> QuietState:
        """Send a command, and wait until the hub confirms it.

        Args:
            word: `on`, `off` or `auto`.
            for_s: For how many seconds; None until the next command.

        Raises:
            UnsentError: there is no broker.
            UnconfirmedError: there is no hub, or it does not answer.
        """
        if not self._bus.connected.wait(PATIENCE_S):
            raise UnsentError(self._bus.absence)
        with self._lock:
            self._wanted = uuid7()
            order = command.Quiet(command.QUIET_WORDS[word.encode()], for_s, self._wanted)
            self._received.clear()
            for _ in range(int(PATIENCE_S / AGAIN_S)):
                self._bus.command(self._source, order, self._settings.hub)
                if self._received.wait(AGAIN_S) and self._state:
                    return self._state
        raise UnconfirmedError(unanswered(self._bus, self._settings.hub, self._source))

    def look(self) -> QuietState:
        """The state that the broker keeps; without one the schedule of the settings."""
        self._received.wait(AGAIN_S)
        if self._state:
            return self._state
        alone = Quiet()
        alone.attach(self._settings, self._bus)
        return alone.state()

    def _receive(self, state: QuietState) -> None:
        if not self._wanted or state.command == self._wanted:
            self._state = state
            self._received.set()
