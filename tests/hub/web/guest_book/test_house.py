"""What the page knows of the house by the statuses of its processes."""

from dataclasses import replace

import pytest

from hub.web.guest_book.changes import Changes
from hub.web.guest_book.house import House
from hub.wire.retained.status import VANISHED, Status
from tests.hub.fakes import HOUSE

SPEAKS = Status("ready", reacts_to=("visitor.answered", "visit.missed"), speaks=True)


@pytest.fixture
def bus(net):
    """The connection of the page."""
    return net.bus()


@pytest.fixture
def house(bus):
    """What the page knows."""
    return House(bus, "home", Changes())


def tell(bus, name, status, role="handler"):
    """A process publishes its status."""
    bus.hear(HOUSE.status(f"doorbell/{role}/{name}"), status.encode())


@pytest.mark.parametrize(
    ("status", "may_speak"),
    [
        (SPEAKS, True),
        (Status("ready", reacts_to=("visitor.answered",)), False),
        (Status("starting"), False),
        (Status("failed", "fault", "no such voice"), False),
        (Status("offline", "disabled"), False),
        (replace(SPEAKS, state="offline", reason="stopped"), False),
    ],
)
def test_a_handler_that_says_so_may_speak(bus, house, status, may_speak):
    """Whatever its name is; one that is switched off does not."""
    assert not house.may_speak("front")
    tell(bus, "butler", status)
    assert house.may_speak("front") == may_speak


def test_only_a_handler_speaks(bus, house):
    """Whatever another process says of itself."""
    tell(bus, "home", SPEAKS, "hub")
    assert not house.may_speak("front")


def test_a_handler_speaks_at_its_doors_only(bus, house):
    """Those that its settings name; another one may speak at the others."""
    tell(bus, "butler", replace(SPEAKS, doors=("front",)))
    assert (house.may_speak("front"), house.may_speak("garden")) == (True, False)
    tell(bus, "butler", VANISHED)
    assert (house.may_speak("front"), house.may_speak("garden")) == (True, False)
    tell(bus, "gardener", replace(SPEAKS, doors=("garden",)))
    assert house.may_speak("garden")


@pytest.mark.parametrize("status", [VANISHED, Status("starting"), Status("failed", "fault", "no")])
def test_a_handler_that_comes_back_spoke_all_the_time(bus, house, status):
    """What does not say to what it reacts changes nothing: a sentence half written would go."""
    tell(bus, "butler", SPEAKS)
    tell(bus, "butler", status)
    assert house.may_speak("front")
    bus.hear(HOUSE.status("doorbell/handler/butler"), b"")
    assert not house.may_speak("front")
