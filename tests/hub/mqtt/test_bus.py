"""The bus, on each broker: it finds the version of MQTT, reconnects, and contains faults."""

import json
import signal
import socket
import time

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from config import Broker
from hub.mqtt.bus import Bus, Will
from hub.mqtt.connection import client_ids
from hub.mqtt.connection.clients.client import CUT_SHORT, RECEIVE_MAXIMUM, ClientFactory
from hub.mqtt.connection.turn import Turn
from hub.producer.producer import Producer
from hub.store.journal.journal import Journal
from tests.forked import PATIENCE_S
from tests.house import Ears, free_port, until
from tests.hub.fakes import HUB, journaled, python
from tests.wire import PUBACK, SUBACK, wire_to, without

VANISH = """
import sys, threading
from config import Broker
from hub.mqtt.bus import Bus, Will
broker = Broker(host="127.0.0.1", port=int(sys.argv[1]))
bus = Bus(broker, "vanishes", Will("will/topic", b'{"state": "offline"}'))
bus.start()
assert bus.connected.wait(600)
print("connected", flush=True)
threading.Event().wait()
"""


@pytest.fixture
def bus_to():
    """Makes buses to a port, not yet started; all are stopped at the end."""
    buses = []

    def make(port, name="tester", will=None):
        buses.append(Bus(Broker(host="127.0.0.1", port=port), name, will))
        return buses[-1]

    yield make
    for bus in buses:
        bus.stop()


@pytest.fixture
def connect(bus_to, broker):
    """A bus that is connected and hears these topics."""

    def start(*filters, name="tester", will=None):
        bus, heard = bus_to(broker.port, name, will), []
        for topic_filter in filters:
            bus.subscribe(topic_filter, heard.append)
        bus.start()
        assert bus.connected.wait(PATIENCE_S)
        return bus, heard

    return start


def _acknowledging(heard):
    def receive(message):
        message.ack()
        heard.append(message)

    return receive


@pytest.mark.parametrize(("kind", "protocol"), [("mosquitto", "5.0"), ("embedded", "3.1.1")])
def test_what_is_spoken_is_found_out(request, bus_to, kind, protocol):
    """MQTT 5 where the broker does, 3.1.1 otherwise, and nobody has to say so."""
    bus = bus_to(request.getfixturevalue(kind).port)
    bus.start()
    assert bus.connected.wait(PATIENCE_S)
    assert bus.protocol == protocol


def test_nothing_waits_to_be_sent(connect):
    """Nagle's algorithm is off: it would add 40 ms to a press."""
    bus, _ = connect()
    assert bus._connections.client.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_what_is_published_is_heard_and_acknowledged(connect):
    """The topic and the very bytes; the number tells which publication the broker has taken."""
    bus, heard = connect("a/+")
    taken = []
    bus.on_published = lambda number, ok: taken.append((number, ok))
    number = bus.publish("a/b", b"\x00\xff")
    until(lambda: taken and heard, "it comes back")
    assert taken == [(number, True)]
    assert [(message.topic, message.payload, message.retained) for message in heard] == [
        ("a/b", b"\x00\xff", False)
    ]


def test_a_message_goes_to_whoever_asked_for_it(connect):
    """To each of them once, also to those who asked later, and no longer to those who ceased to."""
    bus, first = connect("a/#")
    second, never = [], []
    hear = _acknowledging(second)
    bus.subscribe("a/b", hear)
    bus.subscribe("c", _acknowledging(never))
    bus.publish("a/b", b"1")
    until(lambda: first and second, "both hear it")
    bus.unsubscribe("a/b", hear)
    bus.publish("a/b", b"2")
    until(lambda: first[-1].payload == b"2", "the first one hears it")
    assert {message.payload for message in second} == {b"1"}
    assert never == []


def test_what_is_retained_says_so(connect, broker):
    """Kept by the broker, and told apart from what is said now."""
    ears = Ears(broker.port)
    ears.publish("kept", b"old", retain=True)
    ears.close()
    _, heard = connect("kept")
    until(lambda: heard, "it is heard")
    assert (heard[0].payload, heard[0].retained) == (b"old", True)


def test_it_comes_back_after_the_broker_was_killed(connect, broker):
    """By itself, with all its subscriptions; meanwhile there is no connection, and it says so."""
    bus, heard = connect("a")
    connections = []
    bus.on_connect.append(lambda: connections.append(1))
    broker.stop(signal.SIGKILL)
    until(lambda: not bus.connected.is_set(), "the loss is noticed")
    assert bus.publish("a", b"lost") is None
    broker.start()
    assert bus.connected.wait(PATIENCE_S)
    until(lambda: connections, "it tells whoever wants to know")
    bus.publish("a", b"back")
    until(lambda: heard, "it is heard")
    assert [message.payload for message in heard] == [b"back"]


def test_an_acknowledgement_from_before_a_reconnect_does_nothing(connect, broker):
    """The number may belong to another message by now: nothing is sent, and nothing fails."""
    bus, heard = connect("a")
    bus.publish("a", b"1")
    until(lambda: heard, "it is heard")
    broker.stop(signal.SIGKILL)
    until(lambda: not bus.connected.is_set(), "the loss is noticed")
    heard[0].ack()
    broker.start()
    assert bus.connected.wait(PATIENCE_S)
    heard[0].ack()
    bus.publish("a", b"2")
    until(lambda: heard[-1].payload == b"2", "it goes on")


def test_the_last_will_is_heard_when_a_process_vanishes(broker):
    """After kill -9 the broker says what the process would have said, and keeps it."""
    ears = Ears(broker.port)
    with python(VANISH, str(broker.port)) as process:
        assert process.stdout.readline() == "connected\n"
        assert ears.messages("will/topic") == []
        process.kill()
    until(lambda: ears.messages("will/topic") == [{"state": "offline"}], "the will is heard")
    ears.close()
    late = Ears(broker.port, "will/topic")
    until(lambda: late.messages("will/topic"), "it is retained")
    late.close()


def test_who_says_good_bye_leaves_no_will(connect, broker):
    """What was published before the stop arrives, and the will does not."""
    ears = Ears(broker.port)
    bus, _ = connect("a/#", will=Will("will/topic", b"{}"))
    for number in range(50):
        bus.publish("a/b", json.dumps({"n": number}).encode())
    bus.stop()
    until(
        lambda: len(ears.messages("a/b")) == 50,
        lambda: f"all 50 arrive: {[one['n'] for one in ears.messages('a/b')]}",
    )
    ears.publish("sync", "{}")
    until(lambda: ears.messages("sync"), "and nothing after it")
    assert ears.messages("will/topic") == []
    ears.close()


def test_a_failing_callback_harms_nobody(connect, caplog):
    """Neither the other callbacks nor the next message; the fault is logged."""
    bus, heard = connect()

    def fail(*_):
        raise ValueError("somebody's fault")

    bus.on_published = fail
    bus.subscribe("a", fail)
    bus.subscribe("a", heard.append)
    bus.publish("a", b"1")
    bus.publish("a", b"2")
    until(lambda: {message.payload for message in heard} == {b"1", b"2"}, "both are heard")
    assert "somebody's fault" in caplog.text
    assert bus.connected.is_set()


def test_messages_whose_receiver_fails_do_not_stop_the_connection(connect):
    """However many they are: they are acknowledged, and what comes after them is heard."""
    bus, heard = connect()

    def fail(_):
        raise ValueError("somebody's fault")

    bus.subscribe("a", fail)
    bus.subscribe("b", _acknowledging(heard))
    for _ in range(RECEIVE_MAXIMUM * 2):
        bus.publish("a", b"")
    bus.publish("b", b"after them")
    until(lambda: [message.payload for message in heard] == [b"after them"], "it is heard")


def test_without_a_connection_nothing_is_published(bus_to):
    """Not before the start, and not while there is nobody to talk to: the journal keeps it."""
    bus = bus_to(free_port())
    assert bus.publish("a", b"") is None
    bus.start()
    assert bus.publish("a", b"") is None


def test_who_looks_now_and_then_looks_without_a_broker_too(bus_to):
    """The claim of a handler that runs for hours must come onto the disk, broker or not."""
    bus, looks = bus_to(free_port()), []
    bus.on_look.append(lambda: looks.append(1))
    bus.start()
    until(lambda: len(looks) > 1, "it looks again")


def test_a_broker_that_comes_later_is_found(bus_to, broker):
    """Nobody has to be started in the right order."""
    broker.stop(signal.SIGKILL)
    bus = bus_to(broker.port)
    bus.start()
    assert not bus.connected.is_set()
    broker.start()
    assert bus.connected.wait(PATIENCE_S)


def _fill(bus, heard):
    """More messages than may be unacknowledged."""
    for number in range(RECEIVE_MAXIMUM + 8):
        bus.publish("a", str(number).encode())
    until(lambda: len(heard) >= RECEIVE_MAXIMUM, lambda: f"as many as may be: {len(heard)}")


def _connected(bus):
    bus.start()
    assert bus.connected.wait(PATIENCE_S)
    return bus


def test_a_message_stays_the_brokers_until_it_is_acknowledged(bus_to, mosquitto):
    """No more than the agreed number is under way; each acknowledgement lets one more come."""
    bus, heard, other = bus_to(mosquitto.port), [], []
    bus.subscribe("a", heard.append)
    _fill(_connected(bus), heard)
    witness = bus_to(mosquitto.port, "witness")
    witness.subscribe("#", _acknowledging(other))
    _connected(witness).publish("sync", b"")
    until(lambda: other, "the broker has done its work")
    assert len(heard) == RECEIVE_MAXIMUM
    for message in heard:
        message.ack()
    until(lambda: len(heard) == RECEIVE_MAXIMUM + 8, lambda: f"the rest comes: {len(heard)}")


def test_events_that_wait_do_not_keep_answers_away(bus_to, mosquitto):
    """A handler that has its hands full can still talk to its lamp."""
    bus, heard, answers = bus_to(mosquitto.port), [], []
    bus.subscribe("a", heard.append)
    bus.subscribe("lamp/state", _acknowledging(answers), qos=0)
    _fill(_connected(bus), heard)
    bus.publish("lamp/state", b"ON")
    until(lambda: answers, "the lamp's answer comes")


def test_what_need_not_come_back_to_its_publisher_does_not(bus_to, mosquitto):
    """Others hear it, and it still hears others (MQTT 5: No Local)."""
    bus, heard = bus_to(mosquitto.port), []
    other, others = bus_to(mosquitto.port, "other"), []
    bus.subscribe("a/#", _acknowledging(heard), own=False)
    other.subscribe("a/#", _acknowledging(others))
    _connected(bus)
    _connected(other)
    until(lambda: bus.publish("a/1", b"") and others, "another process hears it")
    until(lambda: other.publish("a/2", b"") and heard, "what others publish comes")
    assert {message.topic for message in heard} == {"a/2"}


def test_a_stop_in_the_middle_of_a_backlog_is_a_good_bye(mosquitto, state):
    """What is not out yet stays in the journal; the end is an orderly one."""
    bus = Bus(Broker(host="127.0.0.1", port=mosquitto.port), "tester")
    producer = Producer(state, bus, HUB)
    for _ in range(2000):
        journaled(state)
    producer.release(Journal(state, HUB).end())
    bus.start()
    until(lambda: producer._relay._sent_to > 20, "it is under way")
    bus.stop()


def test_what_an_old_connection_left_open_does_not_delay_the_stop(bus_to, mosquitto, monkeypatch):
    """Nobody waits for an acknowledgement that can no longer come."""
    bus = _connected(bus_to(mosquitto.port))
    mosquitto.process.send_signal(signal.SIGSTOP)
    for _ in range(3):
        assert bus.publish("a", b"")
    mosquitto.stop(signal.SIGKILL)
    until(lambda: not bus.connected.is_set(), "the loss is noticed")
    mosquitto.start()
    assert bus.connected.wait(PATIENCE_S)
    monkeypatch.setattr("hub.mqtt.traffic.traffic.DRAIN_S", 60.0)
    began = time.monotonic()
    bus.stop()
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("swallowed", [SUBACK, PUBACK])
def test_a_broker_that_loses_an_acknowledgement_is_left_for_a_new_connection(
    bus_to, broker, monkeypatch, caplog, swallowed
):
    """Nobody stays deaf, and nobody speaks for ever to somebody who does not listen."""
    monkeypatch.setattr("hub.mqtt.traffic.unacknowledged.ANSWER_S", 0.3)
    monkeypatch.setattr("hub.mqtt.connection.reconnector.LOOK_S", 0.05)
    heard, connections = [], []
    with wire_to(broker.port) as wire:
        wire.edit = without(swallowed)
        bus = bus_to(wire.port)
        bus.subscribe("a", _acknowledging(heard))
        bus.on_connect.append(lambda: connections.append(bus.publish("a", b"")))
        _connected(bus)
        until(lambda: "connecting anew" in caplog.text, "it is noticed")
        wire.edit = bytes
        seen = len(heard)
        until(lambda: len(connections) > 1, "it connects anew")
        until(lambda: bus.publish("a", b"") and len(heard) > seen, "it hears")
        awaited = bus._traffic._awaited
        until(
            lambda: not awaited._subscribed and not awaited._published,
            "all is acknowledged",
        )


def test_who_may_not_listen_is_told(bus_to, broker, caplog):
    """A broker that refuses a subscription (MQTT 5, 3.9.3) is named in the log, with the topic."""
    with wire_to(broker.port) as wire:
        wire.edit = lambda packet: packet[:-1] + b"\x87" if packet[0] >> 4 == SUBACK else packet
        bus = bus_to(wire.port)
        bus.subscribe("closed/door", lambda message: message.ack())
        _connected(bus)
        until(lambda: "refuses that we listen to closed/door" in caplog.text, "it is told")


def test_houses_with_other_roots_do_not_take_over_each_others_connections(mosquitto, tmp_path):
    """A broker ends the older one of two connections with the same client id (MQTT 5, 3.1.4)."""
    buses = [
        Bus(
            Broker(host="127.0.0.1", port=mosquitto.port, root=root),
            client_ids.own(tmp_path, HUB, root),
        )
        for root in ("doorbell", "next_door")
    ]
    connections = [[], []]
    heard = []
    for bus, mine in zip(buses, connections, strict=True):
        bus.on_connect.append(lambda mine=mine: mine.append(1))
        bus.subscribe("ping", lambda message: heard.append(message.topic))
        bus.start()
    try:
        until(lambda: all(bus.connected.is_set() for bus in buses), "both are connected")
        until(lambda: buses[0].publish("ping", b"x") and len(heard) > 20, "both hear")
        assert connections == [[1], [1]]
    finally:
        for bus in buses:
            bus.stop()


def test_two_of_one_client_id_do_not_cut_each_other_off_for_ever(bus_to, mosquitto):
    """A copy of a whole machine has the same id: after some lost connections both take others."""
    buses = [bus_to(mosquitto.port, "cloned") for _ in range(2)]
    heard = [[], []]
    for bus, mine in zip(buses, heard, strict=True):
        bus.subscribe("ping", _acknowledging(mine))
        bus.start()

    def both_hear():
        for mine in heard:
            mine.clear()
        buses[0].publish("ping", b"")
        return _within(1, lambda: all(heard))

    until(both_hear, "both stay connected")


def _within(patience_s, condition):
    try:
        return until(condition, "", patience_s)
    except AssertionError:
        return False


class _Waits:
    """A backoff that counts, and hardly waits."""

    def __init__(self):
        self.resets = self.waits = 0

    def reset(self):
        self.resets += 1

    def next_s(self):
        self.waits += 1
        return 0.01


@pytest.mark.parametrize(("steady_s", "is_reset"), [(30.0, False), (0.0, True)])
def test_a_connection_that_does_not_last_shortens_no_wait(
    bus_to, mosquitto, monkeypatch, steady_s, is_reset
):
    """A failing cluster is not asked again and again at once; after a steady time it is."""
    waits, connections = _Waits(), []
    monkeypatch.setattr("hub.mqtt.connection.clients.client.STEADY_S", steady_s)
    monkeypatch.setattr("hub.mqtt.connection.reconnector.Backoff", lambda **_: waits)
    with wire_to(mosquitto.port) as wire:
        bus = bus_to(wire.port)
        bus.on_connect.append(lambda: connections.append(1))
        bus.start()
        for number in range(1, 4):
            until(lambda number=number: len(connections) == number, "it is connected")
            wire.sever()
        until(lambda: waits.waits >= 3, "each loss counts")
    assert bool(waits.resets) == is_reset


@pytest.mark.parametrize(("lasted_s", "is_rival"), [(20.0, False), (1.0, True)])
def test_a_process_keeps_its_client_id_when_nodes_of_a_cluster_die(lasted_s, is_rival):
    """One that ends our connections to have the same id is back sooner than a node dies again."""
    clients = ClientFactory(Broker(host="127.0.0.1"), "same")
    for _ in range(CUT_SHORT):
        assert not clients.is_steady(lasted_s)
    client = clients.make_served(MQTTProtocolVersion.MQTTv5, Turn())
    assert (client._client_id != b"same") == is_rival
    client.close()
