"""Whether the broker keeps a press of another device's button while the hub restarts: a trial."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from config import Broker
from devices.machine import Finding, ok, skipped
from hub.admin.doctor.context import Context
from hub.features.triggers.earlier_events import KEEP_S
from hub.mqtt.bus import Bus
from hub.mqtt.connection import client_ids
from hub.mqtt.connection.clients.client import ClientFactory
from hub.mqtt.message import Message
from hub.wire import topics
from hub.wire.topics import Topics

PATIENCE_S = 5.0
SOON_S = 1.0
AGAIN_S = 0.05
TRIALS = 3  # a busy broker may take the message for sent before it knows that nobody listens
LOST = "a press of another device's button is lost while the hub restarts: the broker "
QOS_1 = "set QoS 1 in the device (Zigbee2MQTT: qos: 1 of the device, or in device_options)"


def kept_presses(context: Context) -> Iterator[Finding]:
    """What comes of a press while the hub is away."""
    names = [name for name, one in context.settings.triggers.items() if one.say == topics.PRESSED]
    if not names:
        yield skipped("no button of another device rings here ([triggers])")
    elif context.seen is None:
        yield skipped("the broker cannot be asked")
    elif context.seen.protocol != "5.0":
        yield Finding("warning", f"{LOST}speaks no MQTT 5", "use a broker with MQTT 5")
    elif context.seen.limits.qos == 0:
        yield Finding("warning", f"{LOST}takes QoS 0 only", "allow QoS 1")
    else:
        yield _of(_kept_by(context.settings.broker))


def _of(kept: set[int]) -> Finding:
    if 0 in kept:
        return ok(f"while the hub is away the broker keeps presses of other devices for {KEEP_S} s")
    if kept:
        words = "the broker keeps it if it has QoS 1 only, and most devices send QoS 0"
        mend = f"{QOS_1}, or have the broker keep QoS 0, too (mosquitto: queue_qos0_messages true)"
        return Finding("warning", f"a press while the hub restarts: {words}", mend)
    return Finding("warning", f"{LOST}keeps no sessions", "allow persistent sessions with MQTT 5")


def _kept_by(broker: Broker) -> set[int]:
    """The levels of QoS with which a message is kept for a connection that ended a moment ago."""
    trial = _Trial(broker)
    trial.sender.loop_start()
    try:
        with trial.listening():
            trial.send_until_heard()
        for _ in range(TRIALS):
            trial.forget()
            trial.send()
            with trial.listening():
                trial.news.wait(SOON_S)
            if trial.news.is_set():
                break
    finally:
        trial.sender.disconnect()
        trial.sender.loop_stop()
    return {qos for topic, qos in trial.topics.items() if topic in trial.heard}


class _Trial:
    """A connection that sends, and one that comes and goes.

    The messages would wake a handler that there is not, so that nobody else reads them.
    """

    def __init__(self, broker: Broker) -> None:
        name = f"doctor-{secrets.token_hex(4)}"
        source = topics.source("cli", name)
        house = Topics(broker.root)
        self.topics = {house.command(source, "wake", f"{name}-{qos}"): qos for qos in (0, 1)}
        self.heard: set[str] = set()
        self.news = threading.Event()
        self._broker = broker
        self._client_id = client_ids.random()
        clients = ClientFactory(broker)
        self.sender = clients.make(clients.find_protocol())
        clients.connect(self.sender)

    @contextmanager
    def listening(self) -> Iterator[None]:
        bus = Bus(self._broker, self._client_id, keep_s=KEEP_S)
        for topic in self.topics:
            bus.subscribe(topic, self._take)
        bus.start()
        try:
            bus.connected.wait(PATIENCE_S)
            yield
        finally:
            bus.stop()

    def send(self) -> None:
        for topic, qos in self.topics.items():
            self.sender.publish(topic, b"{}", qos).wait_for_publish(SOON_S)

    def send_until_heard(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while not self.news.wait(AGAIN_S) and time.monotonic() < until:
            self.send()

    def forget(self) -> None:
        self.heard.clear()
        self.news.clear()

    def _take(self, message: Message) -> None:
        message.ack()
        self.heard.add(message.topic)
        if self.topics.keys() <= self.heard:
            self.news.set()
