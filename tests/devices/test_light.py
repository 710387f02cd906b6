"""The lights: how they are named, what is left of them, and when they are as we left them."""

import json

import pytest

from devices.gpio import GpioError
from devices.light import OFF, GpioLight, LightError, Scene, SimulatedLight, is_as, open_light

WARM = Scene(brightness=50, kelvin=2700)


@pytest.mark.parametrize("name", ["", "candle", "gpio:", "gpio:x", "gpio:100", "zigbee2mqtt:", "hue:porch"])
def test_what_is_no_lamp_is_told(tmp_path, name):
    """With how to write one."""
    with pytest.raises(LightError, match=r"not a lamp\. Write simulated, gpio:17"):
        open_light(name, None, tmp_path)


def test_a_simulated_lamp_stays_as_it_is(tmp_path):
    """Also while nobody is there; a file that is broken is a lamp that is off."""
    lamp = open_light("simulated", None, tmp_path)
    assert lamp.read() == OFF
    lamp.put(lamp.lit(WARM))
    assert SimulatedLight(tmp_path / "simulated-light").read() == {"on": True, "brightness": 50, "kelvin": 2700}
    (tmp_path / "simulated-light").write_text("on")
    assert lamp.read() == OFF


def test_a_relay_is_on_again_when_its_process_is(pins, tmp_path):
    """The kernel lets it fall off with the process; within its minutes it is put on again."""
    relay = open_light("gpio:22", None, tmp_path)
    assert (relay.read(), relay.lit(WARM)) == (OFF, {"on": True})
    relay.put({"on": True})
    assert pins.pin(22).state
    relay.close()
    again = open_light("gpio:22", None, tmp_path)
    assert pins.pin(22).state
    again.put(OFF)
    again.close()
    assert open_light("gpio:22", None, tmp_path).read() == OFF


def test_a_relay_that_closes_on_low_is_off_when_high(pins, tmp_path):
    """`gpio:22:low`."""
    relay = open_light("gpio:22:low", None, tmp_path)
    assert pins.pin(22).state
    relay.put({"on": True})
    assert not pins.pin(22).state


def test_a_line_in_use_is_told(pins, tmp_path):
    """With its number."""
    first = GpioLight(22, tmp_path / "a")
    with pytest.raises(GpioError, match="GPIO 22 cannot be used"):
        GpioLight(22, tmp_path / "b")
    first.close()


@pytest.mark.parametrize(
    ("now", "left", "same"),
    [
        ({"on": True}, {"on": True}, True),
        ({"on": False}, {"on": True}, False),
        ({"on": True, "brightness": 128}, {"on": True, "brightness": 127}, True),
        ({"on": True, "brightness": 40}, {"on": True, "brightness": 127}, False),
        ({"on": True}, {"on": True, "brightness": 127}, True),
        ({"on": True, "brightness": 9}, {"on": True}, True),
        ({"on": True, "Color": "ff0000"}, {"on": True, "Color": "FF0000"}, True),
        ({"on": True, "Color": "00ff00"}, {"on": True, "Color": "FF0000"}, False),
    ],
)
def test_a_lamp_is_as_we_left_it(now, left, same):
    """As far as it says, give or take what it rounds; what we never told it is not ours to compare."""
    assert is_as(now, left) is same
    assert is_as(json.loads(json.dumps(now)), left) is same
