"""Pressing a button from afar: a wish on the broker, fulfilled when the hub says that the bell rang."""

import json
import os
import threading

from config import Settings
from hub import topics
from hub.bus import Bus, Message
from hub.event import BadEvent, Event, decode, uuid7

PATIENCE_S = 5.0


class PressError(RuntimeError):
    """Nobody rang; the text says why and what to do."""


def wish(bus: Bus, settings: Settings, door: str, event_id: str) -> int | None:
    """Ask the hub to press a button; None when there is no broker. The event will have this id."""
    topic = topics.press(topics.source("cli", str(os.getpid())), settings.hub, door)
    return bus.publish(topic, json.dumps({"id": event_id}).encode(), content_type="application/json")


def press_and_wait(settings: Settings, door: str) -> Event:
    """Press, and wait until the hub has said so.

    Raises:
        PressError: there is no broker, or no hub.
    """
    bus = Bus(settings.broker, f"doorbell-cli-{os.getpid()}")
    event_id, rang = uuid7(), threading.Event()
    heard: list[Event] = []

    def receive(message: Message) -> None:
        message.ack()
        try:
            event = decode(message.payload)
        except BadEvent:
            return
        if event.id == event_id:
            heard.append(event)
            rang.set()

    bus.subscribe(topics.event_filter("doorbell.pressed"), receive)
    bus.start()
    try:
        if not bus.connected.wait(PATIENCE_S):
            raise PressError(f"no broker at {bus.address}. Is `doorbell run` or your broker running?")
        wish(bus, settings, door, event_id)
        if not rang.wait(PATIENCE_S):
            raise PressError(f"the hub {settings.hub!r} does not answer. Is it running? `doorbell run` shows it")
        return heard[0]
    finally:
        bus.stop()
