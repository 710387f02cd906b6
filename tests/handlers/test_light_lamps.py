"""`light` in real processes on a real broker, with lamps of ours that speak their makers' topics."""

import copy
import signal

import pytest

from tests.house import House, until
from tests.lamps import LAMPS, TasmotaLamp, ZigbeeLamp

SECONDS = 0.02  # minutes
UNTOLD = {  # what a lamp that is off does not say of itself, or says in two ways
    "wled:wled/porch": ("bri",),
    "zigbee2mqtt:porch": ("color",),
}


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


@pytest.mark.parametrize("name", LAMPS)
def test_each_make_is_lit_and_put_back_as_it_was(porch, mosquitto, name):
    """With the brightness of the scene; afterwards off, and as dim and as coloured as before."""
    with LAMPS[name](mosquitto.port) as lamp:
        before = copy.deepcopy(lamp.state)
        house = porch(name, "[handlers.light.scenes.front]", "brightness = 100", 'color = "#ff0000"')
        house.press()
        until(lambda: lamp.is_on, lambda: house.log("light"))
        bright = {"brightness": (100, 254), "Dimmer": (100,), "bri": (255,)}
        assert [lamp.state[key] in levels for key, levels in bright.items() if key in lamp.state] == [True]
        until(lambda: "back to off" in _notes(house), lambda: f"{_notes(house)} {house.log('light')}")
        until(lambda: not lamp.is_on, lambda: str(lamp.state))
        told = [key for key in before if key not in UNTOLD.get(name, ())]
        assert {key: lamp.state[key] for key in told} == {key: before[key] for key in told}


@pytest.mark.parametrize("name", LAMPS)
def test_a_person_who_switched_it_meanwhile_wins(porch, mosquitto, name):
    """Off is left off, and what was on and dimmed since is left as it is."""
    with LAMPS[name](mosquitto.port) as lamp:
        on = {"state": "ON", "POWER": "ON", "on": True, "output": True}
        off = {"state": "OFF", "POWER": "OFF", "on": False, "output": False}
        lamp.state.update({key: value for key, value in on.items() if key in lamp.state})
        house = porch(name, minutes=0.05)
        house.press()
        until(lambda: _notes(house), lambda: house.log("light"))
        lamp.by_hand(**{key: value for key, value in off.items() if key in lamp.state})
        told = len(lamp.told)
        until(lambda: "somebody has changed it: left off" in _notes(house), lambda: str(_notes(house)))
        assert not lamp.is_on
        assert all("get" in topic.lower() or not _commands(text) for topic, text in lamp.told[told:])


def _commands(text):
    return any(word in text for word in ('"ON"', "POWER", '"on"', "Set", "Backlog"))


def test_a_lamp_left_on_by_a_crash_is_put_back(porch, mosquitto):
    """The process dies in between, and the time is up while it is away."""
    with ZigbeeLamp(mosquitto.port) as lamp:
        house = porch("zigbee2mqtt:porch")
        house.press()
        until(lambda: lamp.is_on and _notes(house), lambda: house.log("light"))
        house.kill("light", signal.SIGKILL)
        house.start("light")
        until(lambda: not lamp.is_on, lambda: house.log("light"))


def test_a_lamp_without_power_is_tried_until_it_is_back(porch, mosquitto):
    """A press lights what can be lit; who said nothing is taken for off."""
    with TasmotaLamp(mosquitto.port) as lamp:
        lamp.dead = True
        house = porch("tasmota:porch")
        house.press()
        until(lambda: any("silent" in note for note in _notes(house)), lambda: house.log("light"))
        until(lambda: "back to off" in _notes(house), lambda: str(_notes(house)))


def test_each_door_has_its_lamps(porch, mosquitto):
    """Two at one door, none of them at the other."""
    with ZigbeeLamp(mosquitto.port, "path") as path, ZigbeeLamp(mosquitto.port, "gate") as gate:
        house = porch("simulated", "[handlers.light.scenes.front]", 'lamps = ["zigbee2mqtt:path", "zigbee2mqtt:gate"]')
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
        until(lambda: _press(house) and "it is light outside" in _notes(house), lambda: house.log("light"))
        house.ears.publish("zigbee2mqtt/yard", '{"illuminance": 3}')
        house.ears.publish("zigbee2mqtt/yard", '{"battery": 50}')
        until(lambda: _press(house) and lamp.is_on, lambda: house.log("light"))


def _press(house):
    press = house.press()
    house.wait_outcome(press, "light")
    return press
