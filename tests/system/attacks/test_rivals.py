"""Two processes of one name, and attackers with an account of the broker: real processes."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import AGAIN_S, House, until
from tests.hub.fakes import python
from tests.servers.brokers import BrokerProcess

STATUS = "doorbell/hub/home/status"

# Answers each status of the hub with one of a hub that claims to have been there first.
FORGER = """
import json, sys
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
forged = {"state": "ready", "reason": "", "detail": "", "instance": "0" * 16, "host": "evil"}
forged = json.dumps(forged | {"settled": True}).encode()
def answer(client, _, message):
    if message.payload != forged:
        client.publish(message.topic, forged, qos=1, retain=True)
client = Client(CallbackAPIVersion.VERSION2)
client.on_connect = lambda client, *_: client.subscribe("doorbell/hub/home/status", 1)
client.on_message = answer
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
"""

# Takes over the connections of the processes whose client ids it can think of.
TAKER = """
import os, socket, sys
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
host = socket.gethostname()
names = ["hub", "home", "one", "hub-home", "handler-one", "home-hub"]
clients = []
for name in names:
    for id in (name, f"doorbell-{name}", f"doorbell-{name}-{host}", f"doorbell/{name}"):
        client = Client(CallbackAPIVersion.VERSION2, id)
        client.connect("127.0.0.1", int(sys.argv[1]))
        client.loop_start()
        clients.append(client)
print("connected", flush=True)
clients[0]._thread.join()
"""


@pytest.fixture
def houses(mosquitto: BrokerProcess, tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Two machines with the same settings on one broker, each with a handler."""
    with (
        House(tmp_path / "first", mosquitto) as first,
        House(tmp_path / "second", mosquitto) as two,
    ):
        two.ears.own = first.ears.own  # what the test says is heard by both
        for house in (first, two):
            house.write_handler("one", "done(event)")
        yield first, two


def _settle(house: House, name: str = "hub") -> None:
    """Wait until this process says that it stays when another one appears."""
    topic = STATUS if name == "hub" else f"doorbell/handler/{name}/status"
    pid = house.processes[name].pid
    asked_at = 0.0

    def is_settled() -> bool:
        nonlocal asked_at
        if time.monotonic() - asked_at > AGAIN_S:
            asked_at = time.monotonic()
            house.ears.publish(topic, "")  # it answers with its status
        return any(
            one.get("settled") and one["pid"] == pid for one in house.statuses(name, "ready")
        )

    until(is_settled, lambda: f"{name} is settled: {house.log(name)}")


def _code(house: House, name: str) -> int | None:
    return house.processes[name].poll()


def _wait_ended(house: House, name: str) -> None:
    """Until it has ended by itself, as one that must not be started again."""
    until(lambda: _code(house, name) is not None, lambda: f"{name} ends: {house.log(name)}")
    assert _code(house, name) == os.EX_CONFIG


def _kept(house: House, topic: str = STATUS) -> dict[str, object]:
    """What the broker keeps there."""
    ears = type(house.ears)(house.port, topic)
    try:
        until(lambda: ears.heard, "something is kept")
        _, payload, _ = ears.heard[0]
        return json.loads(payload) if payload.startswith(b"{") else {}
    finally:
        ears.close()


def test_a_second_hub_of_one_name_ends_and_the_first_goes_on(houses: tuple[House, House]):
    """It is told in words, and ends with 78, which systemd does not start again."""
    first, second = houses
    first.start("hub")
    _settle(first)
    second.start("hub", wait=False)
    _wait_ended(second, "hub")
    log = second.log("hub")
    assert log.count(f"another hub is called home, at {os.uname().nodename}") == 1
    pid = first.processes["hub"].pid
    until(lambda: _kept(first).get("pid") == pid, "the status is that of the first")
    press = first.press()
    assert first.is_running("hub")
    assert "lost the broker" not in first.log("hub")
    assert [event["id"] for event in first.ears.events("doorbell.pressed")] == [press]


def test_of_two_hubs_that_start_together_exactly_one_stays(houses: tuple[House, House]):
    """Which one does not matter; it goes on ringing."""
    for house in houses:
        house.start("hub", wait=False)
    until(lambda: [_code(house, "hub") for house in houses].count(os.EX_CONFIG) == 1, "one ends")
    (other,) = [house for house in houses if _code(house, "hub") is None]
    _settle(other)
    other.press()
    assert other.is_running("hub")


def test_a_second_handler_of_one_name_ends(houses: tuple[House, House]):
    """What both would act on is acted on once from then on."""
    first, second = houses
    first.start("hub", "one")
    _settle(first, "one")
    second.start("one", wait=False)
    _wait_ended(second, "one")
    assert "another handler is called one, at " in second.log("one")
    press = first.press()
    first.wait_outcome(press, "one")
    assert first.effects("one") == [press]
    assert second.effects("one") == []


def test_the_status_of_a_killed_predecessor_ends_nobody(houses: tuple[House, House]):
    """The broker keeps its last words, also where it published no will for it; it is dead."""
    first, _ = houses
    first.start("hub")
    _settle(first)
    kept = json.dumps(_kept(first))
    first.kill("hub", signal.SIGKILL)
    for _ in range(3):
        first.ears.publish(STATUS, kept, retain=True)
        first.start("hub")
        first.kill("hub", signal.SIGKILL)
    first.start("hub")
    first.press()
    assert "another hub" not in first.log("hub")


def test_a_forged_status_ends_no_running_hub(houses: tuple[House, House]):
    """An attacker without an ACL in its way answers every status; in the end the true one stays."""
    house, _ = houses
    house.start("hub")
    _settle(house)
    with python(FORGER, str(house.port)) as forger:
        pid = house.processes["hub"].pid
        until(
            lambda: "another hub is called home, at evil: this one stays" in house.log("hub"),
            lambda: house.log("hub"),
        )
        house.press()
        forger.kill()
    house.ears.publish(STATUS, "", retain=True)
    until(lambda: _kept(house).get("pid") == pid, "the true status is back")
    assert house.is_running("hub")


def test_a_listener_takes_over_no_connection(houses: tuple[House, House]):
    """A broker ends the older of two connections of one id: nobody can guess ours."""
    house, _ = houses
    house.start("hub", "one")
    with python(TAKER, str(house.port)) as taker:
        assert taker.stdout.readline() == "connected\n"
        for _ in range(3):
            house.wait_outcome(house.press(), "one")
        taker.kill()
    for name in ("hub", "one"):
        assert "lost the broker" not in house.log(name)
