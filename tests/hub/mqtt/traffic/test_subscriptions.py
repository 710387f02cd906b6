"""Who receives a message, and what the broker answers to a subscription."""

import threading

from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from hub.mqtt.connection.limits import Limits
from hub.mqtt.message import Message
from hub.mqtt.traffic.refusals import Refusals
from hub.mqtt.traffic.subscriptions import TOPICS, Subscriptions
from hub.mqtt.traffic.unacknowledged import Unacknowledged
from tests.forked import PATIENCE_S


def _subscriptions():
    return Subscriptions(Unacknowledged(), Refusals("here"), lambda: None)


def test_receivers_that_come_and_go_count_for_topics_that_are_known():
    """Who receives a topic is remembered until something changes; without anybody it is acked."""
    heard, acked = [], []
    subscriptions = _subscriptions()

    def deliver(topic="a/b"):
        subscriptions.deliver(Message(topic, b"", retained=False, ack=lambda: acked.append(topic)))

    def later(_):
        heard.append("later")

    deliver()
    assert acked == ["a/b"]
    subscriptions.add("a/+", lambda _: heard.append("first"), 1)
    deliver()
    subscriptions.add("a/b", later, 1)
    subscriptions.add("#", later, 1)
    deliver()
    assert heard == ["first", "first", "later"]
    subscriptions.remove("a/b", later)
    subscriptions.remove("#", later)
    deliver()
    assert heard == ["first", "first", "later", "first"]


def test_topics_without_end_are_delivered_and_not_remembered():
    """Anybody may publish to new ones."""
    heard = []
    subscriptions = _subscriptions()
    subscriptions.add("a/#", heard.append, 1)
    for number in range(TOPICS + 10):
        subscriptions.deliver(Message(f"a/{number}", b"", retained=False, ack=lambda: None))
    assert len(heard) == TOPICS + 10
    assert len(subscriptions._receivers) == TOPICS


def test_a_message_whose_receiver_fails_is_acknowledged():
    """A broker sends nothing more after as many unacknowledged messages as it leaves."""
    acked = []
    subscriptions = _subscriptions()

    def fail(_):
        raise ValueError("somebody's fault")

    subscriptions.add("a", fail, 1)
    subscriptions.deliver(Message("a", b"", retained=False, ack=lambda: acked.append("a")))
    assert acked == ["a"]


class OneAtATime:
    """A client like paho's: it sends only while no callback runs."""

    protocol = MQTTProtocolVersion.MQTTv311

    def __init__(self):
        self.sends = threading.Event()
        self.in_callback = threading.Lock()

    def subscribe(self, _):
        """Give the packet's number, when it has been sent."""
        self.sends.set()
        with self.in_callback:
            return 0, 1


def test_an_answer_that_comes_while_another_thread_subscribes_blocks_neither():
    """What was sent with QoS 0 is reported under the lock of all callbacks. The answer counts."""
    awaited, refusals, retries = Unacknowledged(), Refusals("here"), []
    subscriptions = Subscriptions(awaited, refusals, lambda: retries.append(1))
    subscriptions.send_all(client := OneAtATime(), Limits())
    subscriber = threading.Thread(target=subscriptions.add, args=("a", print, 1), daemon=True)
    with client.in_callback:
        subscriber.start()
        assert client.sends.wait(PATIENCE_S)
        answer = 1, [ReasonCode(PacketTypes.SUBACK, "Not authorized")]
        answered = threading.Thread(target=subscriptions.confirmed, args=answer, daemon=True)
        answered.start()
        answered.join(PATIENCE_S)
        assert not answered.is_alive()
    subscriber.join(PATIENCE_S)
    assert not subscriber.is_alive()
    assert refusals.unheard() == {"a"}
    assert retries == [1]
    assert awaited._subscribed == awaited._early == {}
