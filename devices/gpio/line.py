"""GPIO lines, through gpiozero: one that we switch (an LED, a relay), and one that we only read."""

from typing import Any, Literal

from devices.device_error import DeviceError

Pull = Literal["up", "down"]
INSTALL = (
    "In doorbell's folder: .venv/bin/pip install -e '.[gpio]', or make its environment with "
    "--system-site-packages"
)
STOP_HUB = "Stop the hub while you look: it holds the line"


class GpioError(DeviceError, RuntimeError):
    """The line cannot be used. The text says which one, and what to do."""


def open_output(pin: int, *, active_high: bool = True) -> Any:
    """Open a line that can be switched, and that can blink in a thread of its own. It begins off.

    Args:
        pin: The BCM number of the line.
        active_high: Whether it is on at 3.3 V; otherwise it is on at ground.

    Returns:
        gpiozero's `LED`.

    Raises:
        GpioError: The line cannot be used.
    """
    settings = {"active_high": active_high, "initial_value": False}
    return _open("LED", pin, "Is it free?", settings)


def open_input(pin: int, *, pull_up: bool, advice: str = STOP_HUB) -> Any:
    """Open a line that is read, with every one of its edges.

    Args:
        pin: The BCM number of the line.
        pull_up: Whether the Pi pulls it to 3.3 V while nothing drives it; otherwise to ground.
        advice: What to do if the line cannot be used, for the error's text.

    Returns:
        gpiozero's `DigitalInputDevice`.

    Raises:
        GpioError: The line cannot be used.
    """
    return _open("DigitalInputDevice", pin, advice, {"pull_up": pull_up, "bounce_time": None})


def _open(kind: str, pin: int, advice: str, settings: dict[str, Any]) -> Any:
    """Open a line as a device of gpiozero, named by its class."""
    try:
        import gpiozero  # noqa: PLC0415 - hardware
    except ImportError as error:
        raise GpioError(f"GPIO {pin}: {error}. {INSTALL}") from error
    try:
        return getattr(gpiozero, kind)(pin, **settings)
    except (gpiozero.GPIOZeroError, OSError, RuntimeError, ImportError) as error:
        raise GpioError(f"GPIO {pin} cannot be used: {error}. {advice}") from error
