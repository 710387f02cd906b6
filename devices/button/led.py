"""The light in the button. It shows the visitor that the bell rang, and what came of it."""

from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from devices.gpio.line import open_output
from devices.machine.atomic_file import write_file

LedState = Literal["off", "pressed", "notified", "answered", "missed"]


class Blink(NamedTuple):
    """How a state looks.

    Attributes:
        on_s: How long the light is on, in seconds.
        off_s: How long it is off after that, in seconds; 0 for a steady light.
        times: How often it blinks; None until the next state.
    """

    on_s: float
    off_s: float
    times: int | None = None


LOOKS: dict[LedState, Blink | None] = {
    "off": None,
    "pressed": Blink(0.1, 0.1),  # fast: the bell rings
    "notified": Blink(0.8, 0.8),  # slow: people were notified, please wait
    "answered": Blink(1, 0),  # steady: somebody comes, or has spoken
    "missed": Blink(1.5, 0.5, 2),  # two long flashes: no answer came
}


class Led(Protocol):
    """Something that can show a state."""

    def show(self, state: LedState) -> None:
        """Show this state from now on."""

    def close(self) -> None:
        """Switch the light off, and release it."""


class SimulatedLed:
    """A light in a file, which contains the name of the state.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.show("off")

    def show(self, state: LedState) -> None:
        """See Led."""
        write_file(self._path, state)

    def close(self) -> None:
        """See Led."""
        self.show("off")


class GpioLed:
    """An LED (with its resistor) on a GPIO line. It blinks in a thread of gpiozero.

    Args:
        pin: The BCM number of the line.
        active_high: Whether the LED is on at 3.3 V; otherwise it is on at ground.

    Raises:
        GpioError: The line cannot be used.
    """

    def __init__(self, pin: int, *, active_high: bool = True) -> None:
        self._line = open_output(pin, active_high=active_high)

    def show(self, state: LedState) -> None:
        """See Led."""
        look = LOOKS[state]
        if look is None:
            self._line.off()
        elif look.off_s:
            self._line.blink(look.on_s, look.off_s, n=look.times)
        else:
            self._line.on()

    def close(self) -> None:
        """See Led."""
        self._line.off()
        self._line.close()
