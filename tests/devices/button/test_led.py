"""The light in the button."""

import pytest

from devices.button import GpioLed, SimulatedLed
from devices.gpio import GpioError
from tests.house import until


def test_each_state_looks_different(pins):
    """It is steady for an answer, off for nothing, and blinks while the bell rings."""
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


def test_a_state_that_ends_ends_by_itself(pins):
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
    """`active = "low"` inverts the level, from the first moment on."""
    led, line = GpioLed(27, active_high=False), pins.pin(27)
    assert line.state
    led.show("answered")
    assert not line.state
    led.close()


def test_a_line_in_use_is_an_error(pins):
    """The error has its number, and says what to do."""
    first = GpioLed(27)
    with pytest.raises(GpioError, match=r"^GPIO 27 cannot be used: .*Is it free\?"):
        GpioLed(27)
    first.close()


def test_the_simulated_led_shows_its_state_in_a_file(tmp_path):
    """A house without an LED can see its state there."""
    led = SimulatedLed(tmp_path / "state" / "led-front")
    led.show("notified")
    assert (tmp_path / "state" / "led-front").read_text() == "notified"
    led.close()
    assert (tmp_path / "state" / "led-front").read_text() == "off"
