"""GPIO lines: one that we switch (an LED, a relay), and one that we only look at."""

from typing import Any


class GpioError(RuntimeError):
    """The line cannot be had; the text says which and what to do."""


def open_output(pin: int, *, active_high: bool = True) -> Any:
    """A line that can be switched and blinks in a thread of its own, dark at first: gpiozero's `LED`.

    Args:
        pin: Its BCM number.
        active_high: Whether it is on at 3.3 V; else at ground.

    Raises:
        GpioError: the line cannot be had.
    """
    try:
        from gpiozero import LED, GPIOZeroError  # noqa: PLC0415 - hardware only where it is used
    except ImportError as error:
        raise GpioError(f"GPIO {pin}: {error}. Install doorbell-hub[pi]") from error
    try:
        return LED(pin, active_high=active_high, initial_value=False)
    except (GPIOZeroError, OSError, RuntimeError, ImportError) as error:
        raise GpioError(f"GPIO {pin} cannot be used: {error}. Is it free?") from error


def open_input(pin: int, *, pull_up: bool) -> Any:
    """A line that is looked at, with every edge of it: gpiozero's `DigitalInputDevice`.

    Raises:
        GpioError: the line cannot be had.
    """
    try:
        from gpiozero import DigitalInputDevice, GPIOZeroError  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise GpioError(f"GPIO {pin}: {error}. Install doorbell-hub[pi]") from error
    try:
        return DigitalInputDevice(pin, pull_up=pull_up, bounce_time=None)
    except (GPIOZeroError, OSError, RuntimeError, ImportError) as error:
        raise GpioError(
            f"GPIO {pin} cannot be used: {error}. Stop the hub while you look: it holds the line"
        ) from error
