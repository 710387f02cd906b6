"""`light`: on at night, and afterwards as it was."""

from datetime import UTC, datetime

import pytest

from config import SettingsError
from devices.clock import sun_elevation
from hub.testing import event, run


class _Lamp:
    """A lamp that may keep silent about itself, and may be out of reach."""

    def __init__(self, *, on=False):
        self.on, self.reachable, self.switched = on, True, []

    def read(self):
        return self.on

    def switch(self, *, on):
        if not self.reachable:
            raise ConnectionError("no connection to the broker")
        self.on = on
        self.switched.append(on)

    def close(self):
        """Nothing is held."""


def _react(file, lamp, kind="doorbell.pressed"):
    return file.reactions[kind].function(event(kind), file.config, lamp)


def _place(*, dark):
    """Where on the equator it is the middle of the night, or of the day, now."""
    sun = {lon: sun_elevation(datetime.now(UTC), 0, lon) for lon in range(-180, 180, 10)}
    return {"latitude": 0, "longitude": (min if dark else max)(sun, key=sun.__getitem__)}


@pytest.fixture
def always(shipped):
    """The handler, by day and by night, for three minutes."""
    return shipped("light", {"when": "always", "minutes": 3})


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [(True, True, "on"), (False, False, "off"), (None, False, "silent: it did not say how it was")],
)
def test_the_lamp_is_put_back_as_it_was(always, before, after, word):
    """It is on for some minutes, then as before; one that did not say is taken to have been off."""
    lamp = _Lamp(on=before)
    with run() as doing:
        assert _react(always, lamp) == f"on for 3 min, was {word}"
        assert (lamp.on, doing.timers) == (True, {"light.expired": 180})
        assert _react(always, lamp, "light.expired") == f"back to {'on' if after else 'off'}"
    assert lamp.switched == [True, after]
    assert doing.memory == {}


def test_a_second_press_keeps_the_first_memory(always):
    """The lamp is on because of us by then; what counts is how it was before the first press."""
    lamp = _Lamp(on=False)
    with run() as doing:
        _react(always, lamp)
        doing.timers.clear()
        assert _react(always, lamp) == "on for 3 min, was off"
        assert doing.timers == {"light.expired": 180}
        _react(always, lamp, "light.expired")
    assert lamp.on is False


def test_the_way_back_is_written_down_before_the_lamp_is_touched(always):
    """If it cannot be switched, or we die in between, the clock and the memory are there already."""
    lamp = _Lamp(on=False)
    lamp.reachable = False
    with run() as doing, pytest.raises(ConnectionError):
        _react(always, lamp)
    assert (doing.timers, doing.memory) == ({"light.expired": 180}, {"was_on": False})


def test_a_lamp_that_cannot_be_put_back_is_remembered(always):
    """The memory goes only when the lamp is as it was, so that the next try still knows."""
    lamp = _Lamp(on=False)
    with run() as doing:
        _react(always, lamp)
        lamp.reachable = False
        with pytest.raises(ConnectionError):
            _react(always, lamp, "light.expired")
        assert doing.memory == {"was_on": False}
        lamp.reachable = True
        assert _react(always, lamp, "light.expired") == "back to off"


def test_what_was_never_switched_is_not_put_back(always):
    """Without a memory the lamp is left alone."""
    lamp = _Lamp(on=True)
    with run():
        assert _react(always, lamp, "light.expired") == "it was never switched"
    assert lamp.switched == []


def test_by_day_nothing_happens(shipped):
    """No lamp, no clock, no memory."""
    lamp = _Lamp()
    with run() as doing:
        assert _react(shipped("light", house=_place(dark=False)), lamp) == "it is light outside"
    assert (lamp.switched, doing.timers, doing.memory) == ([], {}, {})


def test_by_night_the_lamp_goes_on(shipped):
    """Where the sun is down at the house, out of the box it is on for five minutes."""
    lamp = _Lamp()
    with run() as doing:
        assert _react(shipped("light", house=_place(dark=True)), lamp) == "on for 5 min, was off"
    assert (lamp.switched, doing.timers) == ([True], {"light.expired": 300})


def test_night_without_a_place_is_told_at_the_start(shipped):
    """Nobody waits for a light that can never come; the words say what to set."""
    with pytest.raises(SettingsError, match=r'latitude and longitude in \[house\], or when = "always"'):
        shipped("light")


@pytest.mark.parametrize("minutes", [0, -1, 721])
def test_the_minutes_have_a_range(shipped, minutes):
    """A light for no time, or for days, is a slip."""
    with pytest.raises(SettingsError, match=r"^light\.py: \[handlers\.light\] minutes: "):
        shipped("light", {"minutes": minutes})


def test_the_lamp_is_opened_by_its_name(shipped):
    """The simulated lamp lives in the state folder; a name that is none is told at the start."""
    file = shipped("light", {"when": "always", "lamp": "simulated"})
    with file.reactions["doorbell.pressed"].uses(file.config) as lamp, run():
        _react(file, lamp)
    with file.reactions["light.expired"].uses(file.config) as lamp:
        assert lamp.read() is True
    with pytest.raises(SettingsError, match="lamp: 'porch': not a lamp"):
        shipped("light", {"when": "always", "lamp": "porch"})
