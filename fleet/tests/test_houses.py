"""Many houses on one broker: each has a root and a login of its own, and hears itself only."""

import threading

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.house import ROOT, until
from tests.needs import miss, packages
from tests.servers.rabbitmq import rabbitmq_broker, rabbitmq_program

MQTT = ROOT / "fleet" / "mqtt"
HOUSES = 2  # in houses.json
OF_A_CLUSTER = ("cluster_", "load_definitions")


@pytest.fixture
def rabbitmq(tmp_path, monkeypatch):
    """A RabbitMQ with the users of compose.yaml, alone in place of three."""
    if rabbitmq_program() is None:
        miss("RabbitMQ", packages("rabbitmq-server"))
    lines = (MQTT / "rabbitmq.conf").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(OF_A_CLUSTER)]
    kept += ["listeners.tcp = none", "mqtt.listeners.tcp.1 = 127.0.0.1:{port}"]
    kept += [f"load_definitions = {MQTT / 'houses.json'}", ""]
    monkeypatch.setattr("tests.servers.rabbitmq.SETTINGS", "\n".join(kept))
    with rabbitmq_broker(tmp_path) as broker:
        until(lambda: _has_houses(tmp_path / "log"), "it knows the houses")  # after it listens
        yield broker


def _has_houses(folder):
    text = "".join(path.read_text() for path in folder.glob("*.log"))
    return text.count("Successfully set topic permissions") == HOUSES


class House:
    """A program that is logged in as one house."""

    def __init__(self, name, port):
        self.heard, self.granted = [], []
        self._lost = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, f"{name}-{id(self)}")
        self._client.username_pw_set(name, name)
        self._client.on_message = lambda _, __, message: self.heard.append(message.topic)
        self._client.on_subscribe = lambda _, __, ___, codes, ____: self.granted.extend(codes)
        self._client.on_disconnect = lambda *_: self._lost.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        until(self._client.is_connected, f"the login of {name}")

    def follow(self, topics):
        self._client.subscribe(topics, 1)

    def publish(self, topic):
        self._client.publish(topic, b"", 1)

    @property
    def was_refused(self):
        return self._lost.is_set() or any(code.is_failure for code in self.granted)

    def close(self):
        self._client.loop_stop()
        self._client.disconnect()


def test_a_house_hears_itself_and_no_other(rabbitmq):
    """It can neither listen to another house nor speak as one."""
    houses = {name: House(name, rabbitmq.port) for name in ("cottage", "mill")}
    curious, forger = House("mill", rabbitmq.port), House("cottage", rabbitmq.port)
    try:
        for name, house in houses.items():
            house.follow(f"houses/{name}/#")
            until(lambda house=house: house.granted, "the subscription")
            assert not house.was_refused
        curious.follow("houses/#")
        until(lambda: curious.was_refused, "nobody hears all houses")
        forger.publish("houses/mill/hub/home/status")
        until(lambda: forger.was_refused, "nobody speaks for another house")
        for name, house in houses.items():
            house.publish(f"houses/{name}/hub/home/ring/front")
            until(lambda house=house: house.heard, "its own message")
            assert house.heard == [f"houses/{name}/hub/home/ring/front"]
        assert curious.heard == []
    finally:
        for house in (*houses.values(), curious, forger):
            house.close()
