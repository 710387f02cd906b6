"""`light`: on when it is dark, and afterwards as it was, unless a person changed it meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from config import ButtonSettings, Door, SettingsError
from devices.lamp import OFF, BorrowedLamp, Darkness, LampState, LightError, Porch
from devices.machine import sun_elevation
from hub import memory
from hub.testing import event, run
from tests.forked import PATIENCE_S

ON = LampState(on=True)
DIM = LampState(on=True, brightness=10, colour="#ffaa00")


class _Lamp:
    """A lamp that may keep silent about itself, and may be out of reach."""

    def __init__(self, state=None):
        self.state, self.reachable, self.put_so = state, True, []

    def known(self):
        return self.state

    def read(self, _patience_s=0.5):
        return self.state

    def members(self):
        return []

    def put(self, state):
        if not self.reachable:
            raise ConnectionError("no connection to the broker")
        self.put_so.append(state)
        if self.state is not None:
            self.state = state


class Night:
    """A loaded `light` with these settings and lamps, its memory, and a way to make it react."""

    def __init__(self, file, lamps):
        self.file = file
        darkness = Darkness(file.config, file.config.house.place)
        self.porch = Porch(file.config, lamps, darkness, memory, lamps.__getitem__)
        self.memory, self.timers = {}, {}

    def press(self, door="front", **more):
        return self._react(replace(event(door=door), **more))

    def expire(self, lamp="simulated", named=None, **more):
        ticket = {"lamp": lamp, "named": named or lamp}
        return self._react(replace(event("light.expired", **ticket), **more))

    def _react(self, what):
        doing = None
        try:
            with run(what, memory=self.memory) as doing:
                return self.file.reactions[what.type].function(what, self.file.config, self.porch)
        finally:
            self.timers = doing.timers
            self.checkpoints = doing.checkpoints


@pytest.fixture
def night(shipped):
    """By day and by night, for three minutes, with this lamp."""

    def make(lamp, table=None, lamps=None):
        return Night(
            shipped("light", {"when": "always", "minutes": 3, **(table or {})}),
            lamps or {"simulated": lamp},
        )

    return make


def _place(*, dark):
    """Where on the equator it is the middle of the night, or of the day, now."""
    sun = {lon: sun_elevation(datetime.now(UTC), 0, lon) for lon in range(-180, 180, 10)}
    return {"latitude": 0, "longitude": (min if dark else max)(sun, key=sun.__getitem__)}


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [(DIM, DIM, "on"), (OFF, OFF, "off"), (None, OFF, "in an unknown state: it reported none")],
)
def test_the_lamp_is_put_back_as_it_was(night, before, after, word):
    """It is on for some minutes, then as before; one that did not say is taken to have been off."""
    lamp = _Lamp(before)
    home = night(lamp)
    assert (home.press(), home.timers) == (f"on for 3 min, was {word}", {"light.expired": 180})
    assert home.expire() == f"back to {'on' if after.on else 'off'}"
    assert lamp.put_so == [ON, after]
    assert home.memory == {}


def test_a_press_while_it_is_on_lengthens_only(night):
    """It is not switched again, and what counts is how it was before the first press."""
    lamp = _Lamp(OFF)
    home = night(lamp)
    home.press()
    assert (home.press(), home.timers) == ("on for 3 min, was off", {"light.expired": 180})
    assert lamp.put_so == [ON]
    home.expire()
    assert lamp.state == OFF


@pytest.mark.parametrize("how", [{"attempt": 2}, {"redelivered": True}])
def test_what_a_crash_may_have_prevented_is_done_again(night, how):
    """The way back was committed, and perhaps no lamp was lit: it is lit now."""
    lamp = _Lamp(DIM)
    home = night(lamp)
    home.press()
    lamp.state = DIM
    home.press(**how)
    assert lamp.put_so == [ON, ON]
    home.expire()
    assert lamp.state == DIM


def test_after_a_boot_a_lamp_that_is_on_was_off(night):
    """A power cut took the memory of a press, not its light: the lamp goes off afterwards."""
    lamp = _Lamp(ON)
    home = night(lamp)
    assert home.press(redelivered=True) == "on for 3 min, was off"
    assert home.expire() == "back to off"


def test_a_press_after_somebody_switched_it_off_lights_it_again(night):
    """And it goes off afterwards, as that person wanted it, though it was on at first."""
    lamp = _Lamp(DIM)
    home = night(lamp)
    home.press()
    lamp.state = OFF
    assert home.press() == "on for 3 min, was off"
    assert lamp.put_so == [ON, ON]
    assert home.expire() == "back to off"


@pytest.mark.parametrize("meanwhile", [OFF, LampState(on=True, brightness=20)])
def test_a_person_who_changed_it_wins(night, meanwhile):
    """Switched off it stays off, dimmed it stays dimmed; and we have forgotten it."""
    lamp = _Lamp(LampState(on=True, brightness=90))
    home = night(lamp, {"scenes": {"front": {"brightness": 100}}})
    home.press()
    lamp.state = meanwhile
    assert home.expire().startswith("somebody has changed it: left o")
    assert (lamp.put_so, home.memory) == ([LampState(on=True, brightness=100)], {})


def test_the_way_back_is_written_down_before_the_lamp_is_touched(night):
    """If the lamp cannot be lit, or the process dies, the timer and the memory are committed."""
    lamp = _Lamp(OFF)
    lamp.reachable = False
    home = night(lamp)
    with pytest.raises(ConnectionError):
        home.press()
    assert home.timers == {"light.expired": 180}
    assert home.memory == {"lit simulated": {"before": OFF.as_json(), "left": ON.as_json()}}


def test_a_lamp_that_cannot_be_put_back_is_remembered(night):
    """The memory goes only when the lamp is as it was, so that the next try still knows."""
    lamp = _Lamp(OFF)
    home = night(lamp)
    home.press()
    lamp.reachable = False
    with pytest.raises(ConnectionError):
        home.expire()
    assert home.memory
    lamp.reachable = True
    assert home.expire() == "back to off"


def test_a_lamp_that_has_fallen_silent_is_waited_for(night):
    """It may be without power; at the last attempt it is told without an answer, and forgotten."""
    lamp = _Lamp(OFF)
    home = night(lamp)
    home.press()
    lamp.state = None
    with pytest.raises(ConnectionError, match="answered before, and does not now"):
        home.expire()
    assert (lamp.put_so, len(home.memory)) == ([ON], 1)
    assert home.expire(attempt=20) == "back to off"
    assert (lamp.put_so, home.memory) == ([ON, OFF], {})


def test_what_was_never_switched_is_not_put_back(night):
    """Without a memory the lamp is left alone; so is one that is no longer set."""
    lamp = _Lamp(ON)
    home = night(lamp)
    assert home.expire() == "it was never switched"
    home.memory["lit gone"] = {"before": None, "left": ON.as_json()}
    assert home.expire("gone") == "it is not a lamp of ours any more"
    assert (lamp.put_so, home.memory) == ([], {})


def test_our_own_light_is_no_daylight(night):
    """A sensor near the lamp sees it: a second press lengthens all the same."""
    lamp = _Lamp(OFF)
    home = night(lamp, {"when": "sensor", "sensor_topic": "yard"})
    home.press()
    home.porch.darkness.hear("900")
    assert (home.press(), home.timers) == ("on for 3 min, was off", {"light.expired": 180})
    home.expire()
    assert home.press() == "it is light outside"


def test_each_door_has_its_scene(night):
    """Its lamps, all of them; a door without a scene has the one lamp."""
    lamps = {name: _Lamp(OFF) for name in ("simulated", "wled:a", "wled:b")}
    home = night(
        None, {"scenes": {"back": {"lamps": ["wled:a", "wled:b"], "brightness": 40}}}, lamps
    )
    assert home.press("back") == "on for 3 min, was off, off"
    assert [lamps[name].put_so for name in lamps] == [
        [],
        *[[LampState(on=True, brightness=40)]] * 2,
    ]
    home.press("front")
    assert lamps["simulated"].put_so == [ON]


@pytest.mark.parametrize("fault", [ConnectionError("it is away"), LightError("wrong name")])
def test_a_lamp_that_fails_leaves_the_others_lit(night, fault):
    """The press is tried again for its sake, and lights those that shine already once more."""
    lamps = {name: _Lamp(OFF) for name in ("simulated", "wled:a", "wled:b")}

    def fail(_state):
        raise fault

    lamps["wled:a"].put = fail
    home = night(None, {"scenes": {"front": {"lamps": list(lamps)}}}, lamps)
    with pytest.raises(type(fault), match=str(fault)):
        home.press()
    assert [lamp.state.on for lamp in lamps.values()] == [True, False, True]
    assert (len(home.memory), home.timers) == (3, {"light.expired": 180})
    del lamps["wled:a"].put
    home.press(attempt=2)
    assert [lamp.state.on for lamp in lamps.values()] == [True, True, True]
    for name in lamps:
        assert home.expire(name) == "back to off"


def test_silent_lamps_are_asked_at_once(night):
    """The visitor waits a second for all of them, before they are lit and afterwards."""
    together = Barrier(3)

    class Silent(_Lamp):
        def read(self, _patience_s=0.5):
            together.wait(PATIENCE_S)

    lamps = {name: Silent() for name in ("wled:a", "wled:b", "wled:c")}
    home = night(None, {"scenes": {"front": {"lamps": list(lamps)}}}, lamps)
    silent = "in an unknown state: it reported none"
    assert home.press() == f"on for 3 min, was {silent}, {silent}, {silent}"
    assert all(lamp.put_so == [ON] for lamp in lamps.values())


class _Group(_Lamp):
    """A group whose lamps are known, or are not known now."""

    def __init__(self, *members):
        super().__init__(ON)
        self.names = list(members)

    def members(self):
        if not self.names:
            raise ConnectionError("nobody knows its lamps")
        return self.names


def test_each_lamp_of_a_group_has_its_own_state(night):
    """The group is on while one of them is; afterwards that one alone is on."""
    lamps = {"wled:a": _Lamp(OFF), "wled:b": _Lamp(ON), "wled:group": _Group("wled:a", "wled:b")}
    home = night(None, {"scenes": {"front": {"lamps": ["wled:group"]}}}, lamps)
    assert home.press() == "on for 3 min, was off, on"
    for name in ("wled:a", "wled:b"):
        home.expire(name, named="wled:group")
    assert [lamps[name].state.on for name in ("wled:a", "wled:b")] == [False, True]
    assert (lamps["wled:group"].put_so, home.memory) == ([], {})


def test_a_group_whose_lamps_are_not_known_is_tried_again(night):
    """It is not switched as a whole: nobody could put its lamps back as they were."""
    lamps = {"wled:group": _Group(), "wled:b": _Lamp(OFF)}
    home = night(None, {"scenes": {"front": {"lamps": list(lamps)}}}, lamps)
    with pytest.raises(ConnectionError, match="nobody knows its lamps"):
        home.press()
    assert (lamps["wled:group"].put_so, lamps["wled:b"].state) == ([], ON)


def test_by_day_nothing_happens(shipped):
    """No lamp, no clock, no memory; by night it goes on, out of the box for five minutes."""
    lamp = _Lamp(OFF)
    day = Night(shipped("light", house=_place(dark=False)), {"simulated": lamp})
    assert day.press() == "it is light outside"
    assert (lamp.put_so, day.timers, day.memory) == ([], {}, {})
    dark = Night(shipped("light", house=_place(dark=True)), {"simulated": lamp})
    assert (dark.press(), dark.timers) == ("on for 5 min, was off", {"light.expired": 300})


@pytest.mark.parametrize(
    ("begin_h", "end_h", "dark"), [(-1, 1, True), (1, 2, False), (-2, -1, False)]
)
def test_fixed_hours_may_be_the_night(night, begin_h, end_h, dark):
    """By the local clock, and over midnight."""
    now = datetime.now().astimezone()
    times = {"hours_from": begin_h, "hours_to": end_h}
    hours = {key: (now + timedelta(hours=h)).strftime("%H:%M:%S") for key, h in times.items()}
    assert night(_Lamp(), {"when": "hours", **hours}).porch.darkness.is_dark is dark


@pytest.mark.parametrize(
    ("said", "dark"),
    [
        ([], True),
        (['{"lux": 900}'], False),
        (['{"lux": 900}', '{"lux": 5}'], True),
        (['{"lux": 900}', '{"battery": 5}', "nonsense", "[]", '{"lux": null}'], False),
    ],
)
def test_a_sensor_may_say_that_it_is_dark(night, said, dark):
    """What it said last counts, as far as it is about light; until then rather a light too many."""
    home = night(
        _Lamp(), {"when": "sensor", "sensor_topic": "yard", "sensor_key": "lux", "sensor_below": 10}
    )
    for text in said:
        home.porch.darkness.hear(text)
    assert home.porch.darkness.is_dark is dark


def test_without_settings_it_is_switched_off(shipped):
    """A house without a lamp is not asked for a place."""
    assert not shipped("light").config.enabled
    assert shipped("light", {"lamp": "gpio:4", "when": "always"}).config.enabled


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (
            {"lamp": "gpio:4"},
            'when: "night" needs a place.'
            ' Set latitude and longitude in [house], or when = "always"',
        ),
        ({"when": "hours"}, 'when: "hours" needs two times'),
        ({"when": "sensor"}, 'when: "sensor" needs a sensor'),
        ({"when": "always", "minutes": 0}, "minutes: must be more than 0"),
        ({"when": "always", "minutes": 721}, "minutes: must be at most 720"),
        ({"when": "always", "lamp": "porch"}, "lamp: 'porch': not a lamp"),
        (
            {"when": "always", "scenes": {"front": {"lamps": ["hue:1"]}}},
            "lamp: 'hue:1': not a lamp",
        ),
        ({"when": "always", "scenes": {"front": {"color": "red"}}}, "color"),
        (
            {"when": "always", "scenes": {"front": {"color": "#ff0000", "kelvin": 2700}}},
            "Leave one of them out",
        ),
        (
            {"when": "always", "lamp": "gpio:17"},
            "lamp: GPIO 17 is used by [doors.front.button]. Use another line",
        ),
    ],
)
def test_what_cannot_work_is_told_at_the_start(shipped, table, says):
    """Nobody waits for a light that can never come; the words say what to set."""
    doors = {"front": Door(button=ButtonSettings(driver="gpio", pin=17))}
    with pytest.raises(SettingsError) as told:
        shipped("light", table, doors=doors)
    assert any(says in fault for fault in told.value.faults), told.value.faults


def test_the_lamps_are_opened_by_their_names(shipped):
    """The simulated lamp lives in the state folder."""
    file = shipped("light", {"when": "always"})
    reaction = file.reactions["doorbell.pressed"]
    with reaction.uses(file.config) as porch, run() as doing:
        reaction.function(doing.event, file.config, porch)
        assert porch.lamps["simulated"].read() == ON


class _Bulb(_Lamp):
    """One with limits of its own, that says what it made of what it was told."""

    def put(self, state):
        self.put_so.append(state)
        kelvin = (
            max(2200, min(4000, state.colour))
            if isinstance(state.colour, int)
            else self.state.colour
        )
        self.state = LampState(state.on, state.brightness or self.state.brightness, kelvin)


def test_a_lamp_that_cannot_do_all_of_a_scene_is_put_back(night):
    """What it made of it counts, and is no change by a person."""
    lamp = _Bulb(LampState(on=False, brightness=60, colour=2700))
    home = night(lamp, {"scenes": {"front": {"kelvin": 6500}}})
    home.press()
    assert lamp.state.colour == 4000
    assert home.expire() == "back to off"


@pytest.mark.parametrize("wish", [{"brightness": 100}, {"colour": 4000}])
def test_without_a_scene_too_a_person_who_changed_it_wins(night, wish):
    """How it was when we lit it is known, though nothing but "on" was asked for."""
    lamp = _Bulb(LampState(on=True, brightness=60, colour=2700))
    home = night(lamp)
    home.press()
    lamp.state = replace(lamp.state, **wish)
    assert home.expire() == "somebody has changed it: left on"


def test_a_persons_wish_is_what_it_goes_back_to(night):
    """A lamp dimmed by hand is lit by another door's ring in its own way, and then as dim again."""
    lamp = _Bulb(LampState(on=False, brightness=60, colour=2700))
    home = night(lamp, {"scenes": {"front": {"brightness": 80}, "back": {"brightness": 40}}})
    home.press()
    lamp.state = replace(lamp.state, brightness=20)
    home.press("back")
    assert lamp.state.brightness == 40
    assert home.expire() == "back to on"
    assert lamp.state.brightness == 20


def test_lamps_of_like_names_have_timers_of_their_own():
    """A timer's name takes few letters; two lamps must not share one."""
    names = ("zigbee2mqtt:Küche", "zigbee2mqtt:Köche", "zigbee2mqtt:küche")
    assert len({BorrowedLamp(name, _Lamp(OFF), {}).slug for name in names}) == 3
