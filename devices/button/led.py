"""The light in the button: it tells the visitor that the bell rang, that somebody was told, and what came of it."""

from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from devices.gpio.line import open_output

LedState = Literal["off", "pressed", "told", "answered", "missed"]


class Blink(NamedTuple):
    """How a state looks.

    Attributes:
        on_s: How long it is lit, in seconds.
        off_s: How long it is dark then, in seconds; 0: it stays lit.
        times: How often; None: until the next state.
    """

    on_s: float
    off_s: float
    times: int | None = None


LOOKS: dict[LedState, Blink | None] = {
    "off": None,
    "pressed": Blink(0.1, 0.1),  # fast: it rings
    "told": Blink(0.8, 0.8),  # slow: wait, somebody knows
    "answered": Blink(1, 0),  # steady: somebody comes, or has spoken
    "missed": Blink(1.5, 0.5, 2),  # twice, long: nobody answers
}


class Led(Protocol):
    """Something that can show a state."""

    def show(self, state: LedState) -> None:
        """Show it from now on."""

    def close(self) -> None:
        """Go dark, and let go of it."""


class SimulatedLed:
    """Keeps the state in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.show("off")

    def show(self, state: LedState) -> None:
        """See Led."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(state, encoding="utf-8")

    def close(self) -> None:
        """See Led."""
        self.show("off")


class GpioLed:
    """An LED (with its resistor) on a GPIO line, through gpiozero, which blinks in a thread of its own.

    Raises:
        GpioError: the line cannot be had.
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
