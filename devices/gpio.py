"""A GPIO line that we switch: an LED, a relay."""

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
