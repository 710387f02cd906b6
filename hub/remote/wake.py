"""Wakes running handlers after something was put into their inboxes.

A handler that is not woken looks into its inbox within a minute anyway.
"""

import os
from collections.abc import Iterable

from config import Settings
from hub.mqtt.bus import Bus
from hub.mqtt.own_broker.address import with_running_broker
from hub.wire import topics
from hub.wire.command import Wake

WAKE_S = 2.0


def wake(settings: Settings, handlers: Iterable[str]) -> None:
    """Wake these handlers over a separate connection, if there is a broker."""
    names = sorted(handlers)
    settings = with_running_broker(settings)
    if not names or settings.broker.host is None:
        return
    source = topics.source("cli", str(os.getpid()))
    bus = Bus(settings.broker)
    bus.start()
    try:
        if bus.connected.wait(WAKE_S):
            for name in names:
                topic = bus.topics.command(source, "wake", name)
                bus.deliver(topic, Wake().encode(), timeout_s=WAKE_S)
    finally:
        bus.stop()
