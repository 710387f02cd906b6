"""The button at the door: a GPIO line, or one that is pressed by hand or by a test."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from devices.press_filter import Line

OnPress = Callable[[datetime], None]


class Button(Protocol):
    """Something that visitors press."""

    def listen(self, on_press: OnPress) -> None:
        """Call `on_press` with the time (UTC) at which each press began, from now on."""

    def close(self) -> None:
        """Let go of it."""


class ButtonError(RuntimeError):
    """The button cannot be used; the text says which and what to do."""


class SimulatedButton:
    """A button pressed by calling `press`."""

    def __init__(self) -> None:
        self._on_press: OnPress | None = None

    def listen(self, on_press: OnPress) -> None:
        """See Button."""
        self._on_press = on_press

    def press(self) -> None:
        """Press it now."""
        if self._on_press:
            self._on_press(datetime.now(UTC))

    def close(self) -> None:
        """See Button."""
        self._on_press = None


class GpioButton:
    """A button on a GPIO line of the Raspberry Pi, through gpiozero.

    gpiozero's own `bounce_time` swallows short presses (its issue 1039) and means different things on different
    back ends, so every edge is taken and `press_filter.Line` decides.

    Raises:
        ButtonError: the line cannot be had.
    """

    def __init__(
        self,
        pin: int,
        *,
        pull: Literal["up", "down"] = "up",
        min_press_s: float = 0.02,
        debounce_s: float = 0.05,
    ) -> None:
        try:
            from gpiozero import DigitalInputDevice, GPIOZeroError  # noqa: PLC0415 - hardware only where it is used
        except ImportError as error:
            raise ButtonError(
                f"GPIO {pin}: {error}. Install doorbell-hub[pi], or make its environment with --system-site-packages"
            ) from error
        try:
            self._line_in: Any = DigitalInputDevice(pin, pull_up=pull == "up", bounce_time=None)
        except (GPIOZeroError, OSError, RuntimeError, ImportError) as error:
            raise ButtonError(
                f"GPIO {pin} cannot be used: {error}. Is another program using it, and are you in the group gpio?"
            ) from error
        self._line = Line(min_press_s, debounce_s)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._on_press: OnPress | None = None
        self._closed = False
        self._timer = threading.Thread(target=self._watch, name=f"gpio-{pin}", daemon=True)

    def listen(self, on_press: OnPress) -> None:
        """See Button. A button held while we start does not ring: no edge was seen."""
        self._on_press = on_press
        self._line_in.when_activated = lambda: self._edge(active=True)
        self._line_in.when_deactivated = lambda: self._edge(active=False)
        self._timer.start()

    def close(self) -> None:
        """See Button."""
        with self._lock:
            self._closed = True
            self._changed.notify()
        self._line_in.close()

    def _edge(self, *, active: bool) -> None:
        with self._lock:
            self._line = self._line.edge(time.monotonic(), active=active)
            self._report()
            self._changed.notify()

    def _watch(self) -> None:
        """Settle the line when its time has come. It is read again first: an edge may still be on its way to us."""
        with self._lock:
            while not self._closed:
                deadline = self._line.deadline
                left_s = None if deadline is None else deadline - time.monotonic()
                if left_s is None or left_s > 0:
                    self._changed.wait(left_s)
                    continue
                active = bool(self._line_in.is_active)
                if active == (self._line.phase in ("rising", "pressed")):
                    self._line = self._line.settle(time.monotonic())
                    self._report()
                else:
                    self._changed.wait(0.001)

    def _report(self) -> None:
        if self._line.press is not None and self._on_press:
            ago = timedelta(seconds=time.monotonic() - self._line.press)
            self._on_press(datetime.now(UTC) - ago)
