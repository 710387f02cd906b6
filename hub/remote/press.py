"""Pressing a button from afar: a wish on the broker, fulfilled when the hub says that the bell rang, or drilled."""

import json
import os
import threading

from config import Settings
from hub.mqtt.bus import Bus, Message
from hub.wire import topics
from hub.wire.event import BadEvent, Event, decode, uuid7

PATIENCE_S = 5.0
AGAIN_S = (
    1.0  # a wish that nobody heard (the hub restarts) is said again; its id makes it one press
)


class PressError(RuntimeError):
    """Nobody rang; the text says why and what to do."""


class Presser:
    """Presses buttons over a bus, one at a time; or drills, which is marked from here on and rings no bell."""

    def __init__(self, bus: Bus, settings: Settings, *, drill: bool = False) -> None:
        self._bus, self._hub = bus, settings.hub
        self._wish = topics.drill if drill else topics.press
        self._source = topics.source("cli", str(os.getpid()))
        self._wanted = ""
        self._rang = threading.Event()
        self._event: Event | None = None
        bus.subscribe(
            topics.event_filter(topics.DRILLED if drill else topics.PRESSED), self._receive
        )

    def press(self, door: str) -> Event:
        """Press, and wait until the hub has said so.

        Raises:
            PressError: there is no broker, or no hub.
        """
        if not self._bus.connected.wait(PATIENCE_S):
            raise PressError(self._bus.absence)
        self._rang.clear()
        self._event, self._wanted = None, uuid7()
        wish = json.dumps({"id": self._wanted}).encode()
        for _ in range(int(PATIENCE_S / AGAIN_S)):
            self._bus.publish(
                self._wish(self._source, self._hub, door), wish, content_type="application/json"
            )
            if self._rang.wait(AGAIN_S) and self._event:
                return self._event
        raise PressError(
            f"the hub {self._hub!r} does not answer. Is it running? `doorbell run` shows it"
        )

    def _receive(self, message: Message) -> None:
        message.ack()
        try:
            event = decode(message.payload)
        except BadEvent:
            return
        if event.id == self._wanted:
            self._event = event
            self._rang.set()


def press_and_wait(settings: Settings, door: str) -> Event:
    """Press over a connection of its own.

    Raises:
        PressError: there is no broker, or no hub.
    """
    bus = Bus(settings.broker, f"doorbell-cli-{os.getpid()}")
    presser = Presser(bus, settings)
    bus.start()
    try:
        return presser.press(door)
    finally:
        bus.stop()
