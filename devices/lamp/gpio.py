"""A relay or LED on a GPIO line."""

from pathlib import Path

from devices.gpio.line import open_output
from devices.lamp.lamp import ANSWER_S, LampState


class GpioLight:
    """A relay or LED on a GPIO line.

    The kernel gives the line back when the process ends, and a relay falls off; so how it was put stands in a file, and
    a new process puts it so again.

    Args:
        pin: BCM number.
        path: That file.
        active_high: Whether it is lit at 3.3 V.

    Raises:
        GpioError: the line cannot be had.
    """

    def __init__(self, pin: int, path: Path, *, active_high: bool = True) -> None:
        self._path = path
        self._line = open_output(pin, active_high=active_high)
        if self._was_on():
            self._line.on()

    def read(self, patience_s: float = ANSWER_S) -> LampState:  # noqa: ARG002 - a line answers at once
        """See Light."""
        return LampState(on=bool(self._line.value))

    def put(self, state: LampState) -> None:
        """See Light. It is on, or off."""
        if state.on != self._was_on():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text("on" if state.on else "off", encoding="utf-8")
        self._line.value = int(state.on)

    def close(self) -> None:
        """See Light."""
        self._line.close()

    def _was_on(self) -> bool:
        return self._path.is_file() and self._path.read_text(encoding="utf-8") == "on"
