"""The button at the door, and one that is pressed by a program."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from devices.button.press_kind import PressClassifier, PressKind
from devices.device_error import DeviceError

OnPress = Callable[[datetime], None]
# Called with the kind, the time (UTC) at which the press began, and the seconds it was held so far.
OnOtherKind = Callable[[PressKind, datetime, float], None]


class Button(Protocol):
    """Something that visitors press."""

    def listen(self, on_press: OnPress, on_other: OnOtherKind | None = None) -> None:
        """Report presses from now on.

        Args:
            on_press: Called with the time (UTC) at which each press began.
            on_other: Called for the second press of a pair, in place of `on_press`, and for what
                a held button means. Without it every press goes to `on_press`.
        """

    def close(self) -> None:
        """Stop listening, and release the button."""


class ButtonError(DeviceError, RuntimeError):
    """The button cannot be used. The text says which one, and what to do."""


class SimulatedButton:
    """A button that is pressed by a call of `press`.

    Args:
        classifier: Tells single and double presses apart.
    """

    def __init__(self, classifier: PressClassifier | None = None) -> None:
        self._classifier = classifier or PressClassifier()
        self._on_press: OnPress | None = None
        self._on_other: OnOtherKind | None = None

    def listen(self, on_press: OnPress, on_other: OnOtherKind | None = None) -> None:
        """See Button."""
        self._on_press = on_press
        self._on_other = on_other

    def press(self) -> None:
        """Press it now, shortly."""
        now = time.monotonic()
        pressed = self._classifier.press(now)
        self._classifier = pressed.release(now)
        if self._on_other and "double_pressed" in pressed.kinds:
            self._on_other("double_pressed", datetime.now(UTC), 0.0)
        elif self._on_press:
            self._on_press(datetime.now(UTC))

    def close(self) -> None:
        """See Button."""
        self._on_press = None
        self._on_other = None
