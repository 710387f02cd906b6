"""Presses from another process: confirmed, repeated without a confirmation, never two presses."""

import json

import pytest

from config import Settings
from hub.remote import confirmed
from hub.remote.confirmed import UnconfirmedError, UnsentError
from hub.remote.press import PressClient
from hub.wire.event import encode
from tests.forked import PATIENCE_S
from tests.hub.fakes import HOUSE, HUB, journaled


class Deaf:
    """A bus whose hub misses the first commands."""

    def __init__(self, net, state, deaf_for):
        self.bus = net.bus()
        self.commands = []
        self._state = state
        self._deaf_for = deaf_for
        self.bus.subscribe(HOUSE.command("doorbell/+/+", "press", "home", "+"), self._receive)
        self.bus.connected.set()

    def _receive(self, message):
        self.commands.append(json.loads(message.payload)["id"])
        if len(self.commands) > self._deaf_for:
            event = journaled(self._state, id=self.commands[-1])
            self.bus.publish(HOUSE.of_event(event), encode(event))


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """However slow the machine is; the command is repeated soon."""
    monkeypatch.setattr(confirmed, "PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(confirmed, "AGAIN_S", 0.05)


@pytest.fixture
def _hurry(monkeypatch):
    """Where no answer comes."""
    monkeypatch.setattr(confirmed, "PATIENCE_S", 0.25)


def test_a_press_is_confirmed(net, state):
    """By the hub's event, which has the command's id."""
    deaf = Deaf(net, state, 0)
    event = PressClient(deaf.bus, Settings()).press("front")
    assert [event.id] == deaf.commands
    assert event.source == HUB


def test_a_command_without_confirmation_is_repeated_as_the_same_press(net, state):
    """While the hub restarts: the id stays, so that it rings once."""
    deaf = Deaf(net, state, 2)
    event = PressClient(deaf.bus, Settings()).press("front")
    assert deaf.commands == [event.id] * 3


@pytest.mark.usefixtures("_hurry")
def test_without_a_hub_a_press_is_an_error(net, state):
    """It ends after a while, and its text says what to do."""
    deaf = Deaf(net, state, 99)
    with pytest.raises(UnconfirmedError, match="the hub 'home' does not answer") as found:
        PressClient(deaf.bus, Settings()).press("front")
    assert not isinstance(found.value, UnsentError)
    assert len(set(deaf.commands)) == 1


@pytest.mark.usefixtures("_hurry")
def test_without_a_broker_a_press_is_an_error(net):
    """Its text has the broker's address. Nothing was sent."""
    bus = net.bus()
    bus.connected.clear()
    with pytest.raises(UnsentError, match="no broker at"):
        PressClient(bus, Settings()).press("front")
