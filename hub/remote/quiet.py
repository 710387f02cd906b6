"""Asks a running hub to be quiet, or whether it is."""

import json
import os
import threading

from config import Settings
from hub.mqtt.bus import Bus, Message
from hub.plugin.quiet import Quiet
from hub.remote.press import AGAIN_S, PATIENCE_S, PressError
from hub.wire import topics
from hub.wire.event import uuid7
from hub.wire.quiet import QuietState, decode

COMMANDS = {"on": True, "off": False, "auto": None}


def ask(settings: Settings, command: str | None, for_s: float | None) -> QuietState:
    """Send a command and wait until the hub confirms it; without a command only ask.

    Args:
        settings: Of this house.
        command: `on`, `off` or `auto`; None to ask.
        for_s: For how many seconds; None until the next command.

    Raises:
        PressError: there is no broker, or no hub.
    """
    bus = Bus(settings.broker, f"doorbell-cli-{os.getpid()}")
    listener = _Listener(settings, bus)
    bus.start()
    try:
        if not bus.connected.wait(PATIENCE_S):
            raise PressError(bus.absence)
        return listener.send(command, for_s) if command else listener.look()
    finally:
        bus.stop()


class _Listener:
    """Sends commands and waits for the state that the hub publishes."""

    def __init__(self, settings: Settings, bus: Bus) -> None:
        self._settings = settings
        self._bus = bus
        self._state: QuietState | None = None
        self._received = threading.Event()
        self._wanted = ""
        bus.subscribe(topics.quiet(topics.source("hub", settings.hub)), self._receive)

    def send(self, command: str, for_s: float | None) -> QuietState:
        self._wanted = uuid7()
        fields = {"id": self._wanted, "quiet": COMMANDS[command], "for_s": for_s}
        text = json.dumps(fields).encode()
        topic = topics.quiet_wish(topics.source("cli", str(os.getpid())), self._settings.hub)
        self._received.clear()
        for _ in range(int(PATIENCE_S / AGAIN_S)):
            self._bus.publish(topic, text, content_type="application/json")
            if self._received.wait(AGAIN_S) and self._state:
                return self._state
        hub = self._settings.hub
        raise PressError(f"the hub {hub!r} does not answer. Is it running? `doorbell run` shows it")

    def look(self) -> QuietState:
        """The state that the broker keeps; without one the schedule of the settings."""
        self._received.wait(AGAIN_S)
        if self._state:
            return self._state
        alone = Quiet()
        alone.attach(self._settings, self._bus)
        return alone.state()

    def _receive(self, message: Message) -> None:
        message.ack()
        state = decode(message.payload)
        if state and (not self._wanted or state.wish == self._wanted):
            self._state = state
            self._received.set()
