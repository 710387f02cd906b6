"""What a broker refuses is offered again, is told once, and heals by itself."""

import logging

import pytest

from config import Broker
from hub.mqtt.bus import Bus
from hub.mqtt.connection.connect_errors import remedy
from hub.mqtt.status import StatusPublisher
from hub.mqtt.traffic.refusals import Refusals
from hub.producer.producer import Producer
from hub.store.journal.journal import Journal
from hub.wire.retained.status import Status
from tests.forked import PATIENCE_S
from tests.house import until
from tests.hub.fakes import HUB, journaled, ring, rows
from tests.wire import PUBACK, SUBACK, wire_to

NODE_DIES = 0x83  # implementation specific error (MQTT 5, 2.4): RabbitMQ 4's, when a node dies
FULL = 0x97  # quota exceeded
FORBIDDEN = 0x87  # not authorized


@pytest.fixture
def wire(mosquitto):
    with wire_to(mosquitto.port) as wire:
        yield wire


@pytest.fixture
def bus(wire):
    """Not yet started."""
    bus = Bus(Broker(host="127.0.0.1", port=wire.port))
    yield bus
    bus.stop()


def _unpublished(state, producer):
    producer.settle()  # as a process does about once a second
    return rows(state, "SELECT id FROM journal WHERE published = 0")


def _refused(code, *kinds):
    """Has the broker answer with this code, to the last of several filters (MQTT 5, 3.9.3)."""

    def edit(packet):
        kind = packet[0] >> 4
        if kind not in kinds:
            return packet
        if kind == SUBACK:
            return packet[:-1] + bytes([code])
        return bytes([packet[0], 3]) + packet[2:4] + bytes([code])

    return edit


@pytest.mark.parametrize("code", [NODE_DIES, FULL, FORBIDDEN])
def test_an_event_that_was_refused_is_published_again(state, bus, wire, code):
    """A PUBACK with an error is no acknowledgement; no reconnect is needed to offer it again."""
    wire.edit = _refused(code, PUBACK)
    producer = Producer(state, bus, HUB)
    for _ in range(3):
        journaled(state)
    producer.release(Journal(state, HUB).end())
    bus.start()
    until(lambda: bus.refusals, "the events are refused")
    connections = wire.connections
    wire.edit = bytes
    until(lambda: not _unpublished(state, producer), "all are taken")
    assert wire.connections == connections
    until(lambda: not bus.refusals, "it has healed")


def test_what_is_under_way_is_not_offered_a_second_time(state, net):
    """Only what the broker has neither taken nor is about to take."""
    bus = net.bus()
    producer = Producer(state, bus, HUB)
    bus.acknowledges = None
    waiting = ring(producer)
    bus.acknowledges = False
    refused = ring(producer)
    bus.acknowledges = True
    for call in bus.on_retry:
        call()
    net.work()
    ids = [event.id for event in net.events("doorbell.pressed")]
    assert ids == [waiting.id, refused.id, refused.id]
    assert _unpublished(state, producer) == [(waiting.id,)]


def test_a_refused_subscription_is_sent_again(bus, wire, caplog):
    """While it is connected; it is logged once, and heals."""
    wire.edit = _refused(NODE_DIES, SUBACK)
    asked, heard = [], []
    wire.watch = lambda _, packet: asked.append(1) if packet[0] >> 4 == SUBACK else None
    bus.subscribe("a/b", heard.append, qos=0)
    bus.start()
    until(lambda: len(asked) >= 3, "it is sent again and again")
    assert caplog.text.count("refuses that we listen to a/b") == 1
    connections = wire.connections
    wire.edit = bytes
    until(lambda: bus.publish("a/b", b"") and heard, "it is granted")
    until(lambda: not bus.refusals, "it has healed")
    assert wire.connections == connections


def test_a_refusal_is_a_fault_in_the_status_until_it_heals(bus, wire):
    """Whoever looks at the status sees that a ready process is deaf."""
    wire.edit = _refused(FORBIDDEN, SUBACK)
    statuses = []
    bus.on_status(HUB, lambda received: statuses.append(received.status))
    status = StatusPublisher(bus, HUB)
    bus.subscribe("secret", lambda message: message.ack())
    bus.start()
    assert bus.connected.wait(PATIENCE_S)
    status.set("ready")
    until(lambda: any(_has_fault(one, "listen to secret") for one in statuses), "it is told")
    wire.edit = bytes
    until(lambda: statuses[-1].state == "ready" and not statuses[-1].detail, "it has healed")


def _has_fault(status: Status, words: str):
    return status.reason == "fault" and words in status.detail


def test_a_message_that_was_refused_was_not_delivered(bus, wire, caplog):
    """A lamp's command, a wake: who waits for it is told that the broker did not take it."""
    bus.start()
    assert bus.connected.wait(PATIENCE_S)
    assert bus.deliver("lamp/set", b"ON", timeout_s=PATIENCE_S)
    wire.edit = _refused(FORBIDDEN, PUBACK)
    assert not bus.deliver("lamp/set", b"ON", timeout_s=PATIENCE_S)
    assert "refuses that we publish to lamp/set" in caplog.text


def test_words_fit_the_code():
    """Only what an access control list may be behind asks to look at it."""
    assert "ACL" in remedy(FORBIDDEN, "Not authorized")
    for code in (NODE_DIES, FULL, 0x90):
        assert "ACL" not in remedy(code, "Something")
        assert "offered again" in remedy(code, "Something")


def test_each_refusal_is_logged_once(caplog):
    """However often it is tried; another reason, or the same after a while of peace, is new."""
    caplog.set_level(logging.INFO)
    refusals = Refusals("b:1")
    for code in (FORBIDDEN, FORBIDDEN, NODE_DIES, NODE_DIES, 0, 0, FORBIDDEN):
        refusals.note("publish", "a", code, f"code {code}")
    told = [record.levelname for record in caplog.records]
    assert told == ["ERROR", "ERROR", "INFO", "ERROR"]
    assert refusals.words.startswith("the broker refuses that we publish to a: code 135.")
