"""The lights: how they are named, what is left of them, and when they are as we left them."""

import json

import pytest

from devices.gpio import GpioError
from devices.lamp import GpioLight, LightError, SimulatedLight, open_light
from devices.lamp.lamp import OFF, LampState, colour_of_hue, hue_and_saturation, is_unchanged

ON = LampState(on=True)
WARM = LampState(on=True, brightness=50, colour=2700)


@pytest.mark.parametrize(
    "name", ["", "candle", "gpio:", "gpio:x", "gpio:100", "zigbee2mqtt:", "hue:porch"]
)
def test_an_unknown_lamp_is_an_error(tmp_path, name):
    """The error says which names there are."""
    with pytest.raises(LightError, match=r"not a lamp\. Write simulated, gpio:17"):
        open_light(name, None, tmp_path)


def test_a_simulated_lamp_stays_as_it_is(tmp_path):
    """It keeps its state without our process; a broken file is a lamp that is off."""
    lamp = open_light("simulated", None, tmp_path)
    assert lamp.read() == OFF
    lamp.put(WARM)
    assert SimulatedLight(tmp_path / "simulated-light").read() == WARM
    (tmp_path / "simulated-light").write_text("on")
    assert lamp.read() == OFF


def test_a_relay_is_on_again_when_its_process_is(pins, tmp_path):
    """The kernel resets the line with the process; a new process switches it on again."""
    relay = open_light("gpio:22", None, tmp_path)
    assert relay.read() == OFF
    relay.put(WARM)
    assert pins.pin(22).state
    relay.close()
    again = open_light("gpio:22", None, tmp_path)
    assert pins.pin(22).state
    again.put(OFF)
    again.close()
    assert open_light("gpio:22", None, tmp_path).read() == OFF


def test_a_relay_that_closes_on_low_is_off_when_high(pins, tmp_path):
    """`gpio:22:low` is such a relay."""
    relay = open_light("gpio:22:low", None, tmp_path)
    assert pins.pin(22).state
    relay.put(ON)
    assert not pins.pin(22).state


def test_the_error_for_a_line_in_use_names_the_line(pins, tmp_path):
    """The error has its number."""
    first = GpioLight(22, tmp_path / "a")
    with pytest.raises(GpioError, match="GPIO 22 cannot be used"):
        GpioLight(22, tmp_path / "b")
    first.close()


RED, DARK_RED, GREEN = "#ff0000", "#7f0000", "#00ff00"


@pytest.mark.parametrize(
    ("now", "left", "before", "same"),
    [
        (ON, ON, None, True),
        (OFF, ON, None, False),
        (OFF, ON, OFF, False),
        (LampState(True, 50.4), LampState(True, 50), None, True),
        (LampState(True, 16), LampState(True, 50), None, False),
        (ON, LampState(True, 50), None, True),
        (LampState(True, 9), ON, None, True),
        (LampState(True, 9), ON, LampState(True, 80), True),
        (LampState(True, None, DARK_RED), LampState(True, None, RED), None, True),
        (LampState(True, None, GREEN), LampState(True, None, RED), None, False),
        (LampState(True, None, 2710), LampState(True, None, 2700), None, True),
        (LampState(True, None, 4000), LampState(True, None, 2700), None, False),
        (LampState(True, None, 2700), LampState(True, None, RED), None, False),
        (
            LampState(True, None, GREEN),
            LampState(True, None, 2700),
            LampState(False, None, GREEN),
            True,
        ),
        (
            LampState(True, None, RED),
            LampState(True, None, 2700),
            LampState(False, None, GREEN),
            False,
        ),
    ],
)
def test_a_lamp_is_unchanged_while_it_is_as_we_left_it(now, left, before, same):
    """What we never set is not compared, and rounding counts as unchanged."""
    assert is_unchanged(now, left, before) is same
    assert is_unchanged(LampState(**json.loads(json.dumps(now.as_json()))), left, before) is same


@pytest.mark.parametrize("colour", ["#ff0000", "#ffcc88", "#0040ff", "#ffffff"])
def test_a_colour_survives_its_hue_and_saturation(colour):
    """It survives nearly: degrees and percents are whole numbers."""
    assert is_unchanged(
        LampState(True, None, colour_of_hue(*hue_and_saturation(colour))),
        LampState(True, None, colour),
    )
