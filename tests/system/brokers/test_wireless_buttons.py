"""Buttons of other devices on a real broker: pressed while the hub is away, and over its death."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.forked import PATIENCE_S
from tests.house import AGAIN_S, House, until
from tests.servers.brokers import BrokerProcess
from tests.system.faults.crash import CLIENT

TOPIC = "zigbee2mqtt/bell"
LAST = "zigbee2mqtt/last"
SETTINGS = f"""
[doors.last]
[triggers.bell]
topic = "{TOPIC}"
door = "front"
say = "doorbell.pressed"
when = {{ action = "single" }}
[triggers.last]
topic = "{LAST}"
door = "last"
say = "doorbell.pressed"
every_s = 0
"""
EVERY_ONE = SETTINGS.replace("when =", "every_s = 0\nwhen =")  # however soon after the last one
PRESS = '{"action": "single"}'
STEPS = {
    "heard, not written": "before:hub.producer.producer:Producer.publish:{}~pressed', 'front",
    "written, not committed": "after:hub.store.journal.journal:Journal.append:{}~pressed', 'front",
    "committed, not published": "before:hub.mqtt.bus:Bus.publish:{}~doorbell/pressed/front",
    "published, not acknowledged": rf"before:{CLIENT}.ack:{{}}~, 1\)",
    "to be acknowledged": rf"after:{CLIENT}.ack:{{}}~, 1\)",
    "acknowledged": rf"after:{CLIENT}._send_now:{{}}~@\\x02",  # a PUBACK has left
}


class Bell(House):
    """A house with a wireless button, and another one, whose press comes behind all others."""

    def heard(self, door: str = "front") -> list[dict[str, Any]]:
        """The presses so far."""
        return [e for e in self.ears.events("doorbell.pressed") if e["subject"] == door]

    def all_heard(self) -> list[dict[str, Any]]:
        """The presses of the button, when all that the broker has for the hub has come."""
        count = len(self.heard("last"))
        said_at = 0.0

        def is_heard() -> bool:
            nonlocal said_at
            if time.monotonic() - said_at > AGAIN_S:  # it may not have subscribed yet
                said_at = time.monotonic()
                self.ears.publish(LAST, "pressed")
            return len(self.heard("last")) > count

        until(is_heard, lambda: self.log("hub"))
        return self.heard()

    def wait_marked(self) -> None:
        """Wait until the hub has noted that the broker has all its events."""
        query = "SELECT COUNT(*) FROM journal WHERE published = 0"
        file = f"file:{self.state_dir / 'hub-home.db'}?mode=ro"

        def is_marked() -> bool:
            with closing(sqlite3.connect(file, uri=True)) as db:
                return db.execute(query).fetchone() == (0,)

        until(is_marked, "it is noted that the broker has the events")


@pytest.fixture
def bell(mosquitto: BrokerProcess, tmp_path: Path):
    """It is there, and its hub is not."""
    with Bell(tmp_path / "house", mosquitto) as house:
        house.settings = SETTINGS
        house.write_handler("one", "done(event)")
        yield house


@pytest.fixture
def our_bell(our_mosquitto: BrokerProcess, tmp_path: Path):
    """The same on a mosquitto with config/mosquitto/doorbell.conf."""
    with Bell(tmp_path / "house", our_mosquitto) as house:
        house.settings = SETTINGS
        yield house


def test_a_button_pressed_while_the_hub_restarts_rings_once(bell: Bell):
    """The broker keeps the burst of messages, and the hub takes it for one press."""
    bell.start("hub")
    assert bell.all_heard() == []
    bell.kill("hub")
    for _ in range(3):
        bell.ears.publish(TOPIC, PRESS)
    bell.ears.publish(TOPIC, '{"action": "release"}')
    bell.start("hub")
    (press,) = bell.all_heard()
    assert press["data"] == {"name": "Front door", "via": "trigger", "trigger": "bell"}


def test_what_the_hub_took_before_its_end_does_not_ring_again(bell: Bell):
    """After a good end and a new start only the press between them rings."""
    bell.start("hub")
    bell.all_heard()
    bell.ears.publish(TOPIC, PRESS)
    until(lambda: len(bell.heard()) == 1, lambda: bell.log("hub"))
    bell.kill("hub", 15)
    bell.start("hub")
    assert len(bell.all_heard()) == 1


@pytest.mark.fault_matrix
def test_a_button_without_acknowledgements_rings_once(our_bell: Bell):
    """Most devices send with QoS 0: our settings of mosquitto have it keep that, too."""
    our_bell.start("hub")
    our_bell.all_heard()
    our_bell.kill("hub")
    our_bell.ears._client.publish(TOPIC, PRESS, qos=0)
    our_bell.ears.publish("any/other", "the broker has both")
    our_bell.start("hub")
    assert len(our_bell.all_heard()) == 1


@pytest.mark.fault_matrix
def test_a_retained_press_rings_once_and_never_again(bell: Bell):
    """ESPHome retains its states: what came while the hub was away rings, and what is kept not."""
    bell.start("hub")
    bell.all_heard()
    bell.kill("hub")
    bell.ears.publish(TOPIC, PRESS, retain=True)
    for _ in range(2):
        bell.start("hub")
        assert len(bell.all_heard()) == 1
        bell.kill("hub")


@pytest.mark.fault_matrix
@pytest.mark.parametrize("step", STEPS)
def test_a_hub_that_dies_over_a_press_rings_once(bell: Bell, step: str):
    """The broker gives the message again, and its event is in the journal or not."""
    bell.settings = EVERY_ONE
    bell.start("hub")
    bell.all_heard()  # the broker knows it
    bell.wait_marked()
    bell.kill("hub")
    bell.start("one")
    bell.start("hub", wait=False, doom=STEPS[step].format(1))
    bell.ears.publish(TOPIC, PRESS)
    bell.processes.pop("hub").wait(PATIENCE_S)
    bell.start("hub")
    (press,) = bell.all_heard()
    bell.wait_outcome(press["id"], "one")
    assert bell.effects("one").count(press["id"]) == 1


@pytest.mark.fault_matrix
@pytest.mark.parametrize("step", STEPS)
def test_a_hub_that_dies_over_the_second_press_rings_twice(bell: Bell, step: str):
    """Both read alike: the second, given again, is not taken for the first."""
    bell.settings = EVERY_ONE
    bell.start("hub")
    bell.all_heard()
    bell.wait_marked()
    bell.kill("hub")
    bell.start("hub", doom=STEPS[step].format(2))
    bell.ears.publish(TOPIC, PRESS)
    until(lambda: len(bell.heard()) == 1, lambda: bell.log("hub"))
    bell.wait_marked()
    first = bell.heard()[0]["time"]
    bell.ears.publish(TOPIC, PRESS)
    bell.processes.pop("hub").wait(PATIENCE_S)
    bell.start("hub")
    assert [ring["time"] > first for ring in bell.all_heard()] == [False, True]


@pytest.mark.fault_matrix
def test_presses_between_kills_ring_each(bell: Bell):
    """Five times: killed, pressed, started. None is lost, none doubled."""
    bell.settings = EVERY_ONE
    for number in range(1, 6):
        bell.start("hub")
        assert len(bell.all_heard()) == number - 1
        bell.kill("hub")
        bell.ears.publish(TOPIC, PRESS)
    bell.start("hub")
    assert len(bell.all_heard()) == 5
