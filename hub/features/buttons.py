"""The buttons of all doors: opened, tried again when they fail, and each press reported."""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from config import Settings
from config.tables.door import ButtonSettings
from devices.button import (
    Button,
    ButtonError,
    GpioButton,
    PressClassifier,
    PressKind,
    SimulatedButton,
)
from hub.features.feature import Feature
from hub.producer.reporter import Report, Reporter
from hub.wire import topics

RETRY_S = 15.0  # how often a button that cannot be opened is tried again
CHUNK_BYTES = 4096
TYPES: dict[PressKind, str] = {
    "double_pressed": topics.DOUBLE_PRESSED,
    "long_pressed": "doorbell.long_pressed",
    "stuck": "doorbell.stuck",
}


class Buttons(Feature):
    """Opens every button that it can and reports what happens there.

    A button that cannot be opened does not stop the others. Without a single one the hub still
    keeps the journal and takes presses from afar.
    """

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._reporter = reporter
        self._seconds = seconds
        self._buttons: dict[str, Button] = {}
        self._closed: list[str] = []  # why each button that is not open could not be opened
        self._stuck: set[str] = set()
        self._next_try_s = seconds()

    @property
    def open_doors(self) -> list[str]:
        """The doors whose buttons are open."""
        return list(self._buttons)

    def tick(self) -> None:
        """Try again to open the buttons that are not open."""
        if self._seconds() >= self._next_try_s:
            self._next_try_s = self._seconds() + RETRY_S
            self._open_missing()

    def close(self) -> None:
        """Close all buttons."""
        for button in self._buttons.values():
            button.close()

    def read_presses(self) -> None:
        """Press the buttons that standard input names, a line each; runs in a thread of its own."""
        rest = b""
        # Not sys.stdin: a thread waiting in it holds a lock that the interpreter needs at its end.
        while chunk := os.read(sys.stdin.fileno(), CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._press_by_hand(line.decode(errors="replace").strip())

    def _press_by_hand(self, door: str) -> None:
        button = self._buttons.get(door)
        if isinstance(button, SimulatedButton):
            button.press()
        elif door in self._settings.doors:
            self._report(topics.PRESSED, door, datetime.now(UTC), via="command")

    def _open_missing(self) -> None:
        self._closed = []
        for door, wanted in self._settings.doors.items():
            if door in self._buttons:
                continue
            try:
                button = _open(wanted.button)
            except ButtonError as error:
                self._closed.append(f"[doors.{door}] {error}")
                continue
            self._buttons[door] = button
            button.listen(partial(self._pressed, door), partial(self._classified, door))
        self._update_faults()

    def _pressed(self, door: str, at: datetime) -> None:
        self._report(topics.PRESSED, door, at, via="button")

    def _classified(self, door: str, kind: PressKind, at: datetime, held_s: float) -> None:
        """The second press of a pair, or what the last press became because the button is held."""
        if kind == "released":
            self._stuck.discard(door)
            self._update_faults()
            return
        if kind == "stuck":
            self._stuck.add(door)
            self._update_faults()
        if kind == "double_pressed":
            self._report(TYPES[kind], door, at, via="button")
            return
        became_true_at = at + timedelta(seconds=held_s)
        self._report(TYPES[kind], door, became_true_at, via="button", held_s=round(held_s, 1))

    def _update_faults(self) -> None:
        stuck = [
            f"[doors.{door}.button] is stuck, or its wires touch: it has been held all the time"
            for door in sorted(self._stuck)
        ]
        self.faults = [*self._closed, *stuck]

    def _report(self, event_type: str, door: str, at: datetime, **data: Any) -> None:
        name = self._settings.door_name(door)
        self._reporter.report(Report(event_type, door, {"name": name, **data}, at))


def _open(wanted: ButtonSettings) -> Button:
    classifier = PressClassifier(wanted.double_s, wanted.long_s, wanted.stuck_s)
    if wanted.driver != "gpio" or wanted.pin is None:
        return SimulatedButton(classifier)
    return GpioButton(
        wanted.pin,
        pull=wanted.pull,
        min_press_s=wanted.min_press_s,
        debounce_s=wanted.debounce_s,
        classifier=classifier,
    )
