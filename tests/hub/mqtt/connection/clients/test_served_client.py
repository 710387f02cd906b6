"""The client that sends in the thread that publishes."""

import socket
import threading

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from config import Broker
from hub.mqtt.bus import Bus
from hub.mqtt.connection.limits import MAXIMUM_PACKET_SIZE
from tests.forked import PATIENCE_S
from tests.house import until

WRITERS = 6
MESSAGES = 40
WINDOW = 15  # less than any broker's Receive Maximum (MQTT 5, 3.3.4)


@pytest.fixture
def bus(broker):
    """A bus that is connected to each broker in turn."""
    bus = Bus(Broker(host="127.0.0.1", port=broker.port), "writer")
    bus.start()
    assert bus.connected.wait(PATIENCE_S)
    yield bus
    bus.stop()


def test_threads_that_publish_at_once_do_not_tear_the_stream(bus, broker):
    """Each message arrives whole and once, the large ones too, and the connection stays."""
    heard = []
    other = Bus(Broker(host="127.0.0.1", port=broker.port), "listener")
    other.subscribe("torn/#", lambda message: (message.ack(), heard.append(message)))
    other.start()
    assert other.connected.wait(PATIENCE_S)
    sent = {
        f"torn/{writer}/{number}": f"{writer} {number} ".encode() * (1 + 9000 * (number % 3 == 0))
        for writer in range(WRITERS)
        for number in range(MESSAGES)
    }
    bus._connections.client.socket().setsockopt(
        socket.SOL_SOCKET, socket.SO_SNDBUF, 4096
    )  # soon full
    connections = []
    bus.on_connect.append(lambda: connections.append(1))
    room = threading.Semaphore(WINDOW)
    bus.on_published = lambda _, __: room.release()

    def write(writer):
        for number in range(MESSAGES):
            topic = f"torn/{writer}/{number}"
            assert room.acquire(timeout=PATIENCE_S)
            assert bus.publish(topic, sent[topic]) is not None

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(heard) >= len(sent), lambda: f"{len(heard)} of {len(sent)}")
    assert {message.topic: message.payload for message in heard} == sent
    assert not connections
    other.stop()


def test_a_message_of_a_callback_is_sent_too(bus):
    """Nothing else has to happen on the connection for that."""
    answers = []

    def answer(message):
        message.ack()
        bus.publish("torn/answer", b"here")

    bus.subscribe("torn/question", answer)
    bus.subscribe("torn/answer", lambda message: (message.ack(), answers.append(message)))
    until(lambda: bus.publish("torn/question", b"?") and answers, "no answer")


def test_a_message_that_is_too_large_keeps_no_other_away(bus, broker):
    """A broker passes it on that was not told our limit, or drops it; anybody may publish one."""
    heard, connections = [], []
    bus.on_connect.append(lambda: connections.append(1))
    bus.subscribe("large", lambda message: (message.ack(), heard.append(message.payload)))
    other = Client(CallbackAPIVersion.VERSION2)
    other.connect("127.0.0.1", broker.port)
    other.loop_start()
    until(lambda: other.publish("large", b"before", 1) and heard, "the subscription holds")
    for payload in (bytes(4 * MAXIMUM_PACKET_SIZE), b"behind"):
        other.publish("large", payload, 1).wait_for_publish(PATIENCE_S)
    until(lambda: b"behind" in heard, "what comes behind it is heard")
    other.disconnect()
    other.loop_stop()
    assert set(heard) == {b"before", b"behind"}
    assert not connections
