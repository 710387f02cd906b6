"""Watches the presses at a door, for a process that cannot open the button: the hub has it."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from config import Settings
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedStatus
from hub.wire import topics
from hub.wire.event import Event

CONNECT_S = 5.0


@contextmanager
def watch_presses(settings: Settings, door: str) -> Iterator[deque[str] | None]:
    """Watch the presses at a door.

    Yields:
        A queue that gets a text about each press; None where no hub is running.
    """
    heard: deque[str] = deque()
    known: set[str] = set()
    ready = threading.Event()

    def receive(event: Event) -> None:
        is_ours = topics.name_of(event.source) == settings.hub and event.subject == door
        if is_ours and event.id not in known:
            known.add(event.id)
            heard.append(f" at {event.time.astimezone():%H:%M:%S}")

    def note(received: ReceivedStatus) -> None:
        if received.status and received.status.state != "offline":
            ready.set()

    bus = Bus(settings.broker)
    for kind in topics.PRESSES:
        bus.on_event(kind, receive)
    bus.on_status(topics.source("hub", settings.hub), note)
    bus.start()
    try:
        yield heard if ready.wait(CONNECT_S) else None
    finally:
        bus.stop()
