"""`light` in real processes on a real broker, with lamps that speak their makers' topics."""

import signal
import time
from dataclasses import replace

import pytest

from tests.house import House, until
from tests.lamps import LAMPS, ShellyLamp, WledLamp, ZigbeeLamp

SECONDS = 0.02  # minutes
LONG = 0.05
SCENE = {"colour": 'color = "#ff0000"', "white": "kelvin = 4000", "none": ""}
ON = {"state": "ON", "POWER": "ON", "bri": 64, "output": True}
OFF = {"state": "OFF", "POWER": "OFF", "bri": 0, "output": False}


@pytest.fixture
def porch(mosquitto, tmp_path):
    """A house whose `light` is set so."""
    with House(tmp_path / "house", mosquitto) as house:

        def settle(lamp, *more, minutes=SECONDS):
            lines = [f'lamp = "{lamp}"', 'when = "always"', f"minutes = {minutes}", *more]
            house.settings = "[handlers.light]\n" + "\n".join(lines) + "\n"
            house.start("hub", "light")
            return house

        yield settle


def _notes(house):
    return [event["data"].get("note", "") for event in house.ears.events("handler.done", "light")]


def _by_hand(lamp, how):
    lamp.by_hand(**{key: value for key, value in how.items() if key in lamp.state})


@pytest.mark.parametrize(
    ("name", "scene"),
    [
        *((name, "colour") for name in LAMPS if "light" not in name),
        ("zigbee2mqtt:porch", "white"),
        ("tasmota:porch", "white"),
        ("shelly-cct:porch", "white"),
        ("shelly-light:porch", "none"),
    ],
)
def test_each_make_is_lit_and_put_back_as_it_was(porch, mosquitto, name, scene):
    """As the scene says, as far as the lamp can; afterwards off, as dim and coloured as before."""
    with LAMPS[name](mosquitto.port) as lamp:
        _by_hand(lamp, ON)
        _by_hand(lamp, OFF)
        before = _as_seen(lamp)
        house = porch(name, "[handlers.light.scenes.front]", "brightness = 100", SCENE[scene])
        house.press()
        until(lambda: _notes(house), lambda: house.log("light"))
        assert _notes(house)[0].endswith("was off")
        until(
            lambda: len(_notes(house)) > 1,
            lambda: f"{_notes(house)} {lamp.told} {house.log('light')}",
        )
        assert _notes(house)[1] == "back to off"
        until(lambda: _as_seen(lamp) == before, lambda: f"{before} {lamp.as_seen()} {lamp.told}")


def _as_seen(lamp):
    """A strip with WLED that is off does not say how bright it will be when lit."""
    return (
        replace(lamp.as_seen(), brightness=None) if isinstance(lamp, WledLamp) else lamp.as_seen()
    )


@pytest.mark.parametrize(
    "name", [name for name in LAMPS if name not in ("shelly-cct:porch", "shelly-rgb:porch")]
)
def test_a_person_who_switched_it_meanwhile_wins(porch, mosquitto, name):
    """It was on and was made brighter; a person switched it off: it is left alone from then on."""
    with LAMPS[name](mosquitto.port) as lamp:
        _by_hand(lamp, ON)
        house = porch(name, "[handlers.light.scenes.front]", "brightness = 90", minutes=LONG)
        house.press()
        until(lambda: _notes(house), lambda: house.log("light"))
        until(lambda: _is_commanded(lamp), lambda: str(lamp.told))
        _by_hand(lamp, OFF)
        told = _commands(lamp)
        until(lambda: len(_notes(house)) > 1, lambda: str(_notes(house)))
        assert _notes(house)[1] == "somebody has changed it: left off"
        assert (lamp.is_on, _commands(lamp)) == (False, told)


def _commands(lamp):
    """What it was told to do, without what it was asked."""
    return [
        text
        for topic, text in lamp.told
        if not topic.endswith(("/get", "/STATE")) and "GetStatus" not in text
    ]


def _is_commanded(lamp):
    return bool(_commands(lamp))


def test_a_person_who_dimmed_it_meanwhile_wins(porch, mosquitto):
    """It stays on, as dim as it was made."""
    with ZigbeeLamp(mosquitto.port) as lamp:
        house = porch(
            "zigbee2mqtt:porch", "[handlers.light.scenes.front]", "brightness = 100", minutes=LONG
        )
        house.press()
        until(lambda: lamp.is_on and _notes(house), lambda: house.log("light"))
        lamp.by_hand(brightness=30)
        until(
            lambda: "somebody has changed it: left on" in _notes(house), lambda: str(_notes(house))
        )
        assert (lamp.is_on, lamp.state["brightness"]) == (True, 30)


@pytest.mark.parametrize("name", [name for name in LAMPS if not name.startswith("wled")])
def test_a_lamp_that_is_known_gets_its_command_at_once(porch, mosquitto, name):
    """It was asked at the start, and a person has switched it since: at the press nobody asks."""
    with LAMPS[name](mosquitto.port) as lamp:
        house = porch(name, "[handlers.light.scenes.front]", "brightness = 90", minutes=LONG)
        until(lambda: lamp.told, lambda: house.log("light"))
        until(lambda: _reports(house, lamp), "its answer")
        answers = len(_reports(house, lamp))
        _by_hand(lamp, ON)
        # A question that was asked twice, because its answer took long, is answered, too.
        until(lambda: len(_reports(house, lamp)) > max(answers, len(lamp.told)), "its report")
        until(_is_quiet(lamp), "no question is on its way")
        told = len(lamp.told)
        house.press()
        until(lambda: _notes(house), lambda: house.log("light"))
        assert _notes(house)[0].endswith("was on")
        first = lamp.told[told]
        assert _commands(lamp)[:1] == [first[1]], lamp.told


def _is_quiet(lamp):
    """A condition: a lamp was told nothing for a second."""
    known = 0
    since_s = time.monotonic()

    def is_quiet():
        nonlocal known, since_s
        if known != len(lamp.told):
            known = len(lamp.told)
            since_s = time.monotonic()
        return time.monotonic() - since_s > 1.0

    return is_quiet


def _reports(house, lamp):
    """What the lamp said of its whole state or of a change."""
    topics = (
        f"zigbee2mqtt/{lamp.name}",
        f"stat/{lamp.name}/RESULT",
        f"{lamp.name}/events/rpc",
        "doorbell-light/rpc",
    )
    return [message for topic in topics for message in house.ears.messages(topic)]


def test_what_the_broker_keeps_of_a_lamp_is_no_answer(porch, mosquitto):
    """It said once that it is on, and has no power now: it is asked, and taken for off."""
    with ZigbeeLamp(mosquitto.port, retains=True) as lamp:
        lamp.by_hand(state="ON")
        lamp.is_mute = True
        house = porch("zigbee2mqtt:porch")
        house.press()
        until(
            lambda: "back to off" in _notes(house), lambda: f"{_notes(house)} {house.log('light')}"
        )
        assert _notes(house)[0].endswith("in an unknown state: it reported none")


def test_a_slow_lamp_is_heard(porch, mosquitto):
    """Within half a second."""
    with ZigbeeLamp(mosquitto.port, latency_s=0.2) as lamp:
        lamp.by_hand(state="ON")
        house = porch("zigbee2mqtt:porch")
        house.press()
        until(lambda: "back to on" in _notes(house), lambda: str(_notes(house)))


def test_a_strip_that_keeps_nothing_is_silent_until_it_speaks(porch, mosquitto):
    """WLED cannot be asked: without its option it is taken for off, until it says something."""
    with WledLamp(mosquitto.port, retains=False) as lamp:
        house = porch("wled:wled/porch", minutes=LONG)
        house.press()
        until(lambda: lamp.is_on, lambda: house.log("light"))
        assert "in an unknown state: it reported none" in until(lambda: _notes(house), "a note")[0]
        lamp.by_hand(bri=0)
        until(
            lambda: "somebody has changed it: left off" in _notes(house), lambda: str(_notes(house))
        )


def test_lamps_that_answer_in_one_place_are_told_apart(porch, mosquitto):
    """All of a home's Shellys answer to the same topic, also to what they were told before."""
    with (
        ShellyLamp(mosquitto.port, "one", latency_s=0.05) as one,
        ShellyLamp(mosquitto.port, "two", latency_s=0.05) as two,
    ):
        two.by_hand(output=True)
        lamps = 'lamps = ["shelly-light:one", "shelly-light:two"]'
        house = porch("simulated", "[handlers.light.scenes.front]", lamps, "brightness = 100")
        house.press()
        until(lambda: len(_notes(house)) > 2, lambda: f"{_notes(house)} {house.log('light')}")
        assert _notes(house)[0].endswith("was off, on")
        until(lambda: (one.is_on, two.is_on) == (False, True), lambda: f"{one.told} {two.told}")


def test_a_lamp_that_lost_its_power_is_put_back_when_it_answers(porch, mosquitto):
    """It is tried again, also after a restart of the process."""
    with ZigbeeLamp(mosquitto.port) as lamp:
        house = porch("zigbee2mqtt:porch", minutes=LONG)  # its power goes before the time is up
        house.press()
        until(lambda: lamp.is_on and _notes(house), lambda: house.log("light"))
        lamp.is_mute = True
        until(
            lambda: house.ears.events("handler.retried", "light"),
            lambda: f"{_notes(house)} {house.log('light')}",
        )
        assert lamp.is_on
        lamp.is_mute = False
        until(lambda: not lamp.is_on, lambda: f"{_notes(house)} {house.log('light')}")


def test_a_lamp_left_on_by_a_crash_is_put_back(porch, mosquitto):
    """The process dies in between, and the time is up while it is away."""
    with ZigbeeLamp(mosquitto.port) as lamp:
        house = porch("zigbee2mqtt:porch")
        house.press()
        until(lambda: lamp.is_on and _notes(house), lambda: house.log("light"))
        house.kill("light", signal.SIGKILL)
        house.start("light")
        until(lambda: not lamp.is_on, lambda: house.log("light"))


@pytest.mark.parametrize(
    "step",
    [
        "after:hub.consumer.attempt:LiveAttempt.checkpoint:1",
        "before:hub.consumer.outcomes:Outcomes.done:1",
    ],
)
def test_a_lamp_is_put_back_though_the_run_that_lit_it_never_ended(mosquitto, tmp_path, step):
    """After a kill -9 between checkpoint and outcome the next process puts the lamp back."""
    with House(tmp_path / "house", mosquitto) as house, ZigbeeLamp(mosquitto.port) as lamp:
        house.settings = (
            f'[handlers.light]\nlamp = "zigbee2mqtt:porch"\nwhen = "always"\nminutes = {SECONDS}\n'
        )
        house.start("hub", wait=False)
        house.start("light", doom=step, wait=False)
        house.wait_ready("hub")
        house.wait_ready("light")
        house.press()
        until(lambda: not house.is_running("light"), lambda: house.log("light"))
        assert _notes(house) == []
        house.start("light")
        until(
            lambda: any(note.endswith("was off") for note in _notes(house)),
            lambda: f"{_notes(house)} {house.log('light')}",
        )
        until(
            lambda: _notes(house)[-1] == "back to off" and not lamp.is_on,
            lambda: f"{_notes(house)} {lamp.told}",
        )


def test_each_door_has_its_lamps(porch, mosquitto):
    """Two at one door, none of them at the other."""
    with ZigbeeLamp(mosquitto.port, "path") as path, ZigbeeLamp(mosquitto.port, "gate") as gate:
        house = porch(
            "simulated",
            "[handlers.light.scenes.front]",
            'lamps = ["zigbee2mqtt:path", "zigbee2mqtt:gate"]',
            minutes=LONG,  # so that both are seen lit
        )
        house.press()
        until(lambda: path.is_on and gate.is_on, lambda: house.log("light"))
        until(lambda: not path.is_on and not gate.is_on, lambda: house.log("light"))


def test_a_sensor_says_when_it_is_dark(mosquitto, tmp_path):
    """By a field of its message, retained or not; battery news changes nothing."""
    with House(tmp_path / "house", mosquitto) as house, ZigbeeLamp(mosquitto.port) as lamp:
        house.settings = """
            [handlers.light]
            lamp = "zigbee2mqtt:porch"
            when = "sensor"
            sensor_topic = "zigbee2mqtt/yard"
            sensor_key = "illuminance"
            sensor_below = 10
        """
        house.ears.publish("zigbee2mqtt/yard", '{"illuminance": 900}', retain=True)
        house.start("hub", "light")
        until(
            lambda: _press(house) and "it is light outside" in _notes(house),
            lambda: house.log("light"),
        )
        house.ears.publish("zigbee2mqtt/yard", '{"illuminance": 3}')
        house.ears.publish("zigbee2mqtt/yard", '{"battery": 50}')
        until(lambda: _press(house) and lamp.is_on, lambda: house.log("light"))


def _press(house):
    press = house.press()
    house.wait_outcome(press, "light")
    return press
