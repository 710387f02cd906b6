"""A broker that takes less than others: what it announces is obeyed, on a real mosquitto."""

import signal
from collections.abc import Callable, Iterator

import pytest

from config import Broker
from hub.mqtt.bus import Bus, Message, Will
from hub.mqtt.connection.reconnector import LOOK_S
from hub.mqtt.traffic.reminder import REMIND_S, Reminder
from tests.forked import PATIENCE_S
from tests.house import until
from tests.hub.fakes import python
from tests.servers.brokers import BrokerProcess, mosquitto_broker

LIMITS = {  # settings of mosquitto, and of its listener
    "QoS 0": ("", "max_qos 0"),
    "keeps nothing": ("retain_available false", ""),
    "small": ("max_packet_size 300", ""),
    "all": ("retain_available false\nmax_packet_size 300", "max_qos 0"),
}
VANISH = """
import sys, threading
from config import Broker
from hub.mqtt.bus import Bus, Will
bus = Bus(Broker(host="127.0.0.1", port=int(sys.argv[1])), "vanishes", Will("w", b"gone"))
bus.start()
assert bus.connected.wait(600)
print("connected", flush=True)
threading.Event().wait()
"""


@pytest.fixture(params=list(LIMITS))
def limit(request: pytest.FixtureRequest) -> str:
    """What is limited."""
    return str(request.param)


@pytest.fixture
def limited(limit: str, mosquitto_program: str, tmp_path) -> Iterator[BrokerProcess]:
    """A mosquitto with this limit."""
    with mosquitto_broker(mosquitto_program, tmp_path, *LIMITS[limit]) as broker:
        yield broker


@pytest.fixture
def connect(limited: BrokerProcess) -> Iterator[Callable[..., Bus]]:
    """Makes connected buses; all are stopped at the end."""
    buses: list[Bus] = []

    def make(name: str) -> Bus:
        broker = Broker(host="127.0.0.1", port=limited.port)
        buses.append(Bus(broker, name, Will("w", b"gone")))
        buses[-1].start()
        assert buses[-1].connected.wait(PATIENCE_S), buses[-1].absence
        return buses[-1]

    yield make
    for bus in buses:
        bus.stop()


def test_messages_pass_and_the_connection_lasts(
    limited: BrokerProcess, connect: Callable[..., Bus], limit: str
):
    """With and without the wish that they be kept, they arrive and count as published."""
    bus = connect("one")
    heard: list[Message] = []
    taken: list[int] = []
    ends: list[str] = []
    bus.on_published = lambda number, _: taken.append(number)
    bus.on_connect.append(lambda: ends.append("connected anew"))
    for number in range(20):  # more than fit into a packet of 300 bytes
        bus.subscribe(f"a/topic/of/its/own/{number}", heard.append)
    sent = [
        bus.publish(f"a/topic/of/its/own/{number}", b"x", retain=number > 9) for number in range(20)
    ]
    until(lambda: len(heard) == 20 == len(taken), lambda: f"{len(heard)}, {len(taken)}: {ends}")
    assert sorted(taken) == sorted(number for number in sent if number is not None)
    assert bus.deliver("b", b"x", timeout_s=PATIENCE_S)
    is_small = limit in ("small", "all")
    assert (bus.publish("a/topic/of/its/own/1", b"x" * 300) is None) == is_small
    assert not ends
    late = connect("late")
    kept: list[Message] = []
    late.subscribe("a/topic/of/its/own/19", kept.append)
    late.subscribe("last", kept.append)
    until(lambda: late.publish("last", b"x") and kept, "it hears what is said now")
    assert late.limits.keeps == (limit in ("QoS 0", "small"))
    assert [message.retained for message in kept][:1] == [late.limits.keeps]


def test_the_last_will_is_left(limited: BrokerProcess, connect: Callable[..., Bus]):
    """As far as the broker takes it: a retained one would be refused with the whole connection."""
    bus = connect("one")
    heard: list[bytes] = []
    bus.subscribe("w", lambda message: heard.append(message.payload))
    until(lambda: bus.publish("w", b"ready") and heard, "it listens")
    with python(VANISH, str(limited.port)) as process:
        assert process.stdout
        assert process.stdout.readline() == "connected\n"
        process.send_signal(signal.SIGKILL)
        until(lambda: heard[-1] == b"gone", "the will comes")


def test_what_a_broker_should_have_kept_is_repeated():
    """Every REMIND_S, at the looks of a connection, and only while the broker keeps nothing."""
    now_s = 0.0
    reminder = Reminder(lambda: now_s)
    calls: list[float] = []
    reminder.calls.append(lambda: calls.append(now_s))
    for keeps, end_s in ((True, 100), (False, 116), (True, 200)):
        reminder.connected(keeps=keeps)
        while now_s < end_s:
            now_s += LOOK_S
            reminder.look()
    assert calls == [100 + REMIND_S * number for number in (1, 2, 3, 4)]
