"""The button at the door: a GPIO line, or one that is pressed by hand or by a test."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from devices.button.press_filter import Debouncer
from devices.button.press_kind import Kind, PressClassifier

log = logging.getLogger(__name__)
OnPress = Callable[[datetime], None]
OnMore = Callable[
    [Kind, datetime, float], None
]  # what else a press is, when it began, and how long it has been held
LOST_EDGE_S = (
    0.25  # when the line has contradicted us for so long, an edge was lost and the line is right
)
HELD_LOOK_S = (
    1.0  # how often a held button's line is looked at, in case the edge of its release was lost
)
STAMP_TRUST_S = 10.0


class Button(Protocol):
    """Something that visitors press."""

    def listen(self, on_press: OnPress, on_more: OnMore | None = None) -> None:
        """Call `on_press` with the time (UTC) at which each press began, from now on.

        With `on_more` a second press of a pair goes there instead, and so does what holding a button means.
        """

    def close(self) -> None:
        """Let go of it."""


class ButtonError(RuntimeError):
    """The button cannot be used; the text says which and what to do."""


class SimulatedButton:
    """A button pressed by calling `press`.

    Args:
        hold: What a press means.
    """

    def __init__(self, hold: PressClassifier | None = None) -> None:
        self._hold = hold or PressClassifier()
        self._on_press: OnPress | None = None
        self._on_more: OnMore | None = None

    def listen(self, on_press: OnPress, on_more: OnMore | None = None) -> None:
        """See Button."""
        self._on_press, self._on_more = on_press, on_more

    def press(self) -> None:
        """Press it now, shortly."""
        now = time.monotonic()
        pressed = self._hold.press(now)
        self._hold = pressed.release(now)
        if self._on_more and "double_pressed" in pressed.says:
            self._on_more("double_pressed", datetime.now(UTC), 0.0)
        elif self._on_press:
            self._on_press(datetime.now(UTC))

    def close(self) -> None:
        """See Button."""
        self._on_press = self._on_more = None


class GpioButton:
    """A button on a GPIO line of the Raspberry Pi, through gpiozero.

    gpiozero's own `bounce_time` swallows short presses (its issue 1039) and means different things on different
    back ends, so every edge is taken and `press_filter.Debouncer` decides.

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
        hold: PressClassifier | None = None,
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
        self._active_state = pull == "down"
        self._line = Debouncer(min_press_s, debounce_s)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._hold = hold or PressClassifier()
        self._on_press: OnPress | None = None
        self._on_more: OnMore | None = None
        self._said: deque[tuple[Kind, datetime, float]] = deque()
        self._contradicted_since: float | None = None
        self._closed = False
        self._timer = threading.Thread(target=self._watch, name=f"gpio-{pin}", daemon=True)

    def listen(self, on_press: OnPress, on_more: OnMore | None = None) -> None:
        """See Button. A button held while we start does not ring: no edge was seen. It may be stuck."""
        self._on_press, self._on_more = on_press, on_more
        if self._line_in.is_active:
            log.warning("the button is held at the start: that is no press")
            now = time.monotonic()
            self._line = replace(self._line, phase="pressed", since=now)
            self._hold = self._hold.held_at_start(now)
        # The pin tells when the edge was; the device's own callbacks do not, and may come late on a busy machine.
        self._line_in.pin.when_changed = self._edge
        self._timer.start()

    def close(self) -> None:
        """See Button. What was pressed until now is still told."""
        with self._lock:
            self._closed = True
            self._changed.notify()
        self._line_in.pin.when_changed = None
        if self._timer.ident:
            self._timer.join()
        self._line_in.close()

    def _edge(self, ticks: float, state: int) -> None:
        """In gpiozero's thread."""
        now = time.monotonic()
        # The kernel stamps edges with its monotonic clock (Linux 5.7 and later); anything else is no time of ours.
        at = ticks if now - STAMP_TRUST_S < ticks <= now else now
        with self._lock:
            self._take(self._line.edge(at, active=bool(state) == self._active_state))
            self._changed.notify()

    def _watch(self) -> None:
        """Settle the line when its time has come, and tell of presses.

        They are told without the lock and in this thread: telling writes to a disk, and neither its slowness nor its
        failure may hold up the line.
        """
        while True:
            with self._lock:
                if not self._said and not self._closed:
                    self._settle_or_wait()
                said = self._said.popleft() if self._said else None
                if said is None and self._closed:
                    return
            if said:
                self._tell(*said)

    def _settle_or_wait(self) -> None:
        line, now = self._line, time.monotonic()
        if self._hold.deadline is not None and self._hold.deadline <= now:
            self._note(self._hold.settle(now), now)
            return
        look_at = line.deadline if line.deadline is not None else line.since + HELD_LOOK_S
        if line.phase == "resting" or (line.deadline is not None and look_at > now):
            self._changed.wait(None if line.phase == "resting" else look_at - now)
            return
        # The line is read again first: an edge may still be on its way to us.
        if bool(self._line_in.is_active) == (line.phase in ("rising", "pressed")):
            self._contradicted_since = None
            if line.deadline is None:
                due_in_s = HELD_LOOK_S if self._hold.deadline is None else self._hold.deadline - now
                self._changed.wait(min(HELD_LOOK_S, max(0.001, due_in_s)))
            else:
                self._take(line.settle(now))
        elif self._contradicted_since is not None and now - self._contradicted_since > LOST_EDGE_S:
            self._contradicted_since = None
            self._take(line.without_edge(now))
        else:
            self._contradicted_since = self._contradicted_since or now
            self._changed.wait(0.005)

    def _take(self, line: Debouncer) -> None:
        self._line = line
        if line.release is not None:
            self._note(self._hold.release(line.release), line.release)
        if line.press is not None:
            self._note(self._hold.press(line.press), line.press)

    def _note(self, hold: PressClassifier, at: float) -> None:
        """Keep what became certain by then, to be told without the lock."""
        since = hold.since if hold.since is not None else self._hold.since
        self._hold = hold
        began = at if since is None else since
        time_of = datetime.now(UTC) - timedelta(seconds=time.monotonic() - began)
        self._said.extend((kind, time_of, max(0.0, at - began)) for kind in hold.says)

    def _tell(self, kind: Kind, at: datetime, held_s: float) -> None:
        try:
            if kind == "pressed" or (kind == "double_pressed" and self._on_more is None):
                if self._on_press:
                    self._on_press(at)
            elif self._on_more:
                self._on_more(kind, at, held_s)
        except Exception:
            log.exception("a press could not be told")
