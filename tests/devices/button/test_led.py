"""The light in the button."""

import pytest

from devices.button import GpioLed, SimulatedLed
from devices.gpio import GpioError
from tests.house import until


def test_each_sign_looks_its_own_way(pins):
    """Steady for an answer, dark for nothing, blinking for what goes on."""
    led, line = GpioLed(27), pins.pin(27)
    assert not line.state
    led.show("answered")
    assert line.state
    led.show("pressed")
    until(lambda: not line.state, "it blinks off")
    until(lambda: line.state, "and on again")
    led.show("off")
    assert not line.state
    led.close()


def test_a_sign_that_ends_ends_by_itself(pins):
    """`missed` blinks twice and goes dark."""
    led, line = GpioLed(27), pins.pin(27)
    led.show("missed")
    until(lambda: len([one for one in line.states if one.state]) >= 2, "it lights up twice")
    until(
        lambda: led._line._blink_thread is None or not led._line._blink_thread.is_alive(), "it ends"
    )
    assert not line.state
    led.close()


def test_an_led_to_the_supply_is_lit_by_low(pins):
    """`active = "low"` turns the level round, from the first moment on."""
    led, line = GpioLed(27, active_high=False), pins.pin(27)
    assert line.state
    led.show("answered")
    assert not line.state
    led.close()


def test_a_line_in_use_is_told(pins):
    """With its number and what to do."""
    first = GpioLed(27)
    with pytest.raises(GpioError, match=r"^GPIO 27 cannot be used: .*Is it free\?"):
        GpioLed(27)
    first.close()


def test_the_simulated_one_shows_its_sign_in_a_file(tmp_path):
    """For who has none."""
    led = SimulatedLed(tmp_path / "state" / "led-front")
    led.show("told")
    assert (tmp_path / "state" / "led-front").read_text() == "told"
    led.close()
    assert (tmp_path / "state" / "led-front").read_text() == "off"
