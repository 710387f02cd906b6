"""Pressing from afar: confirmed, said again when nobody heard it, and never two presses."""

import json

import pytest

from config import Settings
from hub.remote import press
from hub.remote.press import Presser, PressError
from hub.wire import topics
from hub.wire.event import encode
from tests.hub.fakes import HUB, journaled


class Deaf:
    """A bus whose hub hears nothing at first."""

    def __init__(self, net, state, deaf_for):
        self.bus, self.wishes, self._state, self._deaf_for = net.bus(), [], state, deaf_for
        self.bus.subscribe(topics.press("doorbell/+/+", "home", "+"), self._hear)
        self.bus.connected.set()

    def _hear(self, message):
        self.wishes.append(json.loads(message.payload)["id"])
        if len(self.wishes) > self._deaf_for:
            event = journaled(self._state, id=self.wishes[-1])
            self.bus.publish(event.topic, encode(event))


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(press, "PATIENCE_S", 0.25)
    monkeypatch.setattr(press, "AGAIN_S", 0.05)


def test_a_press_is_confirmed(net, state):
    """The event that the hub said, with the wish's own id."""
    deaf = Deaf(net, state, 0)
    event = Presser(deaf.bus, Settings()).press("front")
    assert [event.id] == deaf.wishes
    assert event.source == HUB


def test_a_wish_that_nobody_heard_is_said_again_as_the_same_press(net, state):
    """While the hub restarts: the id stays, so that it rings once."""
    deaf = Deaf(net, state, 2)
    event = Presser(deaf.bus, Settings()).press("front")
    assert deaf.wishes == [event.id] * 3


def test_who_has_no_hub_is_told(net, state):
    """Neither silence nor for ever."""
    deaf = Deaf(net, state, 99)
    with pytest.raises(PressError, match="the hub 'home' does not answer"):
        Presser(deaf.bus, Settings()).press("front")
    assert len(set(deaf.wishes)) == 1


def test_who_has_no_broker_is_told(net):
    """With its address."""
    bus = net.bus()
    bus.connected.clear()
    with pytest.raises(PressError, match="no broker at"):
        Presser(bus, Settings()).press("front")
