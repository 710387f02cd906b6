"""Lamps that need no broker: a relay or LED on a GPIO line, and a simulated one in a file."""

import json
from pathlib import Path

from devices.gpio.line import open_output
from devices.lamp.lamp import ANSWER_S, OFF, LampState
from devices.machine.atomic_file import write_file

ON = "on"


class GpioLight:
    """A relay or LED on a GPIO line.

    The kernel resets the line when the process ends, and a relay falls off. So the last state is
    kept in a file, and a new process restores it.

    Args:
        pin: The BCM number of the line.
        path: The file for the last state.
        active_high: Whether the light is on at 3.3 V; otherwise it is on at ground.

    Raises:
        GpioError: The line cannot be used.
    """

    def __init__(self, pin: int, path: Path, *, active_high: bool = True) -> None:
        self._path = path
        self._line = open_output(pin, active_high=active_high)
        if self._was_on():
            self._line.on()

    def known(self) -> LampState:
        """See Light."""
        return LampState(on=bool(self._line.value))

    def read(self, patience_s: float = ANSWER_S) -> LampState:  # noqa: ARG002 - needs no wait
        """See Light."""
        return self.known()

    def put(self, state: LampState) -> None:
        """See Light. Brightness and colour are ignored."""
        if state.on != self._was_on():
            write_file(self._path, ON if state.on else "off")
        self._line.value = int(state.on)

    def members(self) -> list[str]:
        """See Light."""
        return []

    def close(self) -> None:
        """See Light."""
        self._line.close()

    def _was_on(self) -> bool:
        return self._path.is_file() and self._path.read_text(encoding="utf-8") == ON


class SimulatedLight:
    """A lamp in a file. Like a real one it keeps its state while our process is away.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self) -> LampState:
        """See Light."""
        try:
            return LampState(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return OFF

    def read(self, patience_s: float = ANSWER_S) -> LampState:  # noqa: ARG002 - needs no wait
        """See Light."""
        return self.known()

    def put(self, state: LampState) -> None:
        """See Light."""
        write_file(self._path, json.dumps(state.as_json()))

    def members(self) -> list[str]:
        """See Light."""
        return []

    def close(self) -> None:
        """See Light."""
