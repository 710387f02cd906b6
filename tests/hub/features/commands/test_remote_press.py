"""Presses and drills that come as commands from the broker."""

import json

import pytest

from config import Door, Settings
from hub.features.commands.remote_press import RemotePress
from hub.producer.producer import Producer
from hub.producer.reporter import Reporter
from hub.wire import topics
from tests.hub.fakes import HOUSE, HUB, outcomes

ID = "0" * 36
COMMAND = json.dumps({"id": ID}).encode()
CLI = "doorbell/cli/1"
DONE = {"name": "Front door", "via": "command"}


@pytest.fixture(autouse=True)
def remote(net, state):
    """A hub that takes commands for its front door."""
    bus = net.bus()
    settings = Settings(doors={"front": Door(name="Front door")})
    producer = Producer(state, bus, HUB)
    return RemotePress(settings, Reporter(producer), producer, bus)


def test_a_drill_command_is_a_drill_and_no_press(net, state):
    """It is journaled once with the command's id, however often it comes; never a retained one."""
    topic = HOUSE.command(CLI, "drill", "home", "front")
    net.take(topic, COMMAND, retained=True)
    assert outcomes(state) == []
    for _ in range(2):
        net.take(topic, COMMAND)
    assert outcomes(state) == [("doorbell.drilled", DONE)]
    assert [event.id for event in net.events(topics.DRILLED)] == [ID]


def test_a_press_command_rings_once_with_its_id(net, state):
    """A command that the sender repeats is the same press."""
    for _ in range(2):
        net.take(HOUSE.command(CLI, "press", "home", "front"), COMMAND)
    assert outcomes(state) == [("doorbell.pressed", DONE)]
    assert [event.id for event in net.events(topics.PRESSED)] == [ID]


@pytest.mark.parametrize("name", ["press", "drill"])
def test_what_the_web_repeats_is_confirmed_again(net, state, name):
    """With the event that there is: its sender may have died before it heard it."""
    kind = {"press": topics.PRESSED, "drill": topics.DRILLED}[name]
    for _ in range(2):
        net.take(HOUSE.command("doorbell/web/home", name, "home", "front"), COMMAND)
    assert outcomes(state) == [(kind, DONE | {"via": "link"})]
    first, again = net.events(kind)
    assert (first.id, first.sequence) == (again.id, again.sequence) == (ID, 1)


@pytest.mark.parametrize(
    "payload",
    [
        b"OFF",
        b"1",
        b"{}",
        b'{"id": 1}',
        b'{"id": null}',
        b'{"id": "short"}',
        b'{"id": "' + b"g" * 36,
    ],
)
def test_a_command_without_a_valid_id_is_refused_and_acknowledged(net, state, caplog, payload):
    """The log names its topic, and nothing rings."""
    net.take(HOUSE.command(CLI, "press", "home", "front"), payload)
    assert outcomes(state) == []
    assert f"refused a message on {HOUSE.command(CLI, 'press', 'home', 'front')}" in caplog.text


def test_a_bare_word_rings_with_an_id_of_the_hub(net, state):
    """Each press has its own; a retained word is refused like any retained command."""
    for sender in ("garden", "gate"):
        net.take(HOUSE.command(f"doorbell/cli/{sender}", "press", "home", "front"), b"PRESS")
    net.take(HOUSE.command(CLI, "press", "home", "front"), b"", retained=True)
    assert outcomes(state) == [("doorbell.pressed", DONE)] * 2
    first, second = (event.id for event in net.events(topics.PRESSED))
    assert first != second


def test_a_burst_of_a_bare_word_is_one_press(net, state):
    """A button that bounces, or sends each press three times."""
    for word in (b"ON", b"on", b""):
        net.take(HOUSE.command(CLI, "press", "home", "front"), word)
    net.take(HOUSE.command(CLI, "drill", "home", "front"), b"ON")
    assert outcomes(state) == [("doorbell.pressed", DONE), ("doorbell.drilled", DONE)]


def test_a_command_for_an_unknown_door_names_the_doors_that_exist(net, state, caplog):
    """Nothing rings."""
    net.take(HOUSE.command(CLI, "press", "home", "shed"), COMMAND)
    assert outcomes(state) == []
    assert "there is no such door. There are: front" in caplog.text
