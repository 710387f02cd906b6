"""Asks a running hub for quiet."""

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

WISHES = {"on": True, "off": False, "auto": None}


def ask(settings: Settings, wish: str | None, for_s: float | None) -> QuietState:
    """Wish it, and wait until the hub says so; without a wish only ask.

    Raises:
        PressError: there is no broker, or no hub.
    """
    bus = Bus(settings.broker, f"doorbell-cli-{os.getpid()}")
    listener = _Listener(settings, bus)
    bus.start()
    try:
        if not bus.connected.wait(PATIENCE_S):
            raise PressError(bus.absence)
        return listener.wish(wish, for_s) if wish else listener.look()
    finally:
        bus.stop()


class _Listener:
    """Waits for what the hub says of quiet."""

    def __init__(self, settings: Settings, bus: Bus) -> None:
        self._settings, self._bus = settings, bus
        self._state: QuietState | None = None
        self._said = threading.Event()
        self._wanted = ""
        bus.subscribe(topics.quiet(topics.source("hub", settings.hub)), self._receive)

    def wish(self, wish: str, for_s: float | None) -> QuietState:
        self._wanted = uuid7()
        text = json.dumps({"id": self._wanted, "quiet": WISHES[wish], "for_s": for_s}).encode()
        topic = topics.quiet_wish(topics.source("cli", str(os.getpid())), self._settings.hub)
        self._said.clear()
        for _ in range(int(PATIENCE_S / AGAIN_S)):
            self._bus.publish(topic, text, content_type="application/json")
            if self._said.wait(AGAIN_S) and self._state:
                return self._state
        raise PressError(
            f"the hub {self._settings.hub!r} does not answer. Is it running? `doorbell run` shows it"
        )

    def look(self) -> QuietState:
        """What the broker has kept; else what the settings say."""
        self._said.wait(AGAIN_S)
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
            self._said.set()
