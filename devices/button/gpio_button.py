"""A button on a GPIO line of the Raspberry Pi."""

import logging
import threading
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from devices.button.button import ButtonError, OnOtherKind, OnPress
from devices.button.press_filter import Debouncer
from devices.button.press_kind import PressClassifier, PressKind
from devices.gpio.line import GpioError, Pull, open_input

log = logging.getLogger(__name__)
LOST_EDGE_S = 0.25  # a line that contradicts us for so long is right: an edge was lost
HELD_CHECK_S = 1.0  # how often a held button's line is read, in case the release's edge was lost
RECHECK_S = 0.005
STAMP_TRUST_S = 10.0
ADVICE = "Is another program using it, and are you in the group gpio?"


class _Report(NamedTuple):
    """A press that became certain.

    Attributes:
        kind: What kind of press it is.
        at: When it began, in UTC.
        held_s: How long it has been held.
    """

    kind: PressKind
    at: datetime
    held_s: float


class GpioButton:
    """A button on a GPIO line, through gpiozero.

    gpiozero's own `bounce_time` swallows short presses (its issue 1039), and means different things
    on different back ends. So we take every edge, and `Debouncer` decides.

    Args:
        pin: The BCM number of the line.
        pull: Where the Pi pulls the line while the button is open.
        min_press_s: Shorter pulses are interference, in seconds.
        debounce_s: How long the line must rest before the next press, in seconds.
        classifier: Tells kinds of presses apart.

    Raises:
        ButtonError: The line cannot be used.
    """

    def __init__(
        self,
        pin: int,
        *,
        pull: Pull = "up",
        min_press_s: float = 0.02,
        debounce_s: float = 0.05,
        classifier: PressClassifier | None = None,
    ) -> None:
        try:
            self._line: Any = open_input(pin, pull_up=pull == "up", advice=ADVICE)
        except GpioError as error:
            raise ButtonError(f"{error}") from error
        self._active_level = pull == "down"
        self._debouncer = Debouncer(min_press_s, debounce_s)
        self._classifier = classifier or PressClassifier()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._on_press: OnPress | None = None
        self._on_other: OnOtherKind | None = None
        self._reports: deque[_Report] = deque()
        self._contradicted_since: float | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name=f"gpio-{pin}", daemon=True)

    def listen(self, on_press: OnPress, on_other: OnOtherKind | None = None) -> None:
        """See Button.

        A button that is held at the start does not ring, because its edge was not seen. It may be
        stuck.
        """
        self._on_press = on_press
        self._on_other = on_other
        if self._line.is_active:
            log.warning("the button is held at the start: this is not a press")
            now = time.monotonic()
            self._debouncer = replace(self._debouncer, phase="pressed", since=now)
            self._classifier = self._classifier.held_at_start(now)
        # The pin passes on the time of an edge. The device's own callbacks do not, and may be late.
        self._line.pin.when_changed = self._on_edge
        self._thread.start()

    def close(self) -> None:
        """See Button. Presses that were certain before are still reported."""
        with self._lock:
            self._closed = True
            self._changed.notify()
        self._line.pin.when_changed = None
        if self._thread.ident:
            self._thread.join()
        self._line.close()

    def _on_edge(self, ticks: float, state: int) -> None:
        """Take an edge, in gpiozero's thread."""
        now = time.monotonic()
        # The kernel stamps edges with its monotonic clock (Linux 5.7 and later). If the stamp
        # comes from another clock, the edge is as old as its callback.
        is_ours = now - STAMP_TRUST_S < ticks <= now
        at = ticks if is_ours else now
        is_active = bool(state) == self._active_level
        with self._lock:
            self._accept(self._debouncer.edge(at, active=is_active))
            self._changed.notify()

    def _watch(self) -> None:
        """Find presses, and report them, until the button is closed.

        A report is made in this thread and without the lock: it writes to a disk, whose slowness
        or failure must not delay the line.
        """
        while True:
            with self._lock:
                while not self._reports and not self._closed:
                    self._check_or_wait()
                if not self._reports:
                    return
                report = self._reports.popleft()
            self._send(report)

    def _check_or_wait(self) -> None:
        """Do what is due, or wait until something is due or an edge comes. The lock is held."""
        now = time.monotonic()
        debouncer = self._debouncer
        if self._is_kind_due(now):
            self._classify(self._classifier.advance(now), now)
        elif debouncer.phase == "resting":
            self._changed.wait()
        elif debouncer.deadline is not None and debouncer.deadline > now:
            self._changed.wait(debouncer.deadline - now)
        elif not self._line_agrees():
            self._wait_for_lost_edge(now)
        elif debouncer.deadline is None:
            self._contradicted_since = None
            self._changed.wait(self._next_check_s(now))
        else:
            self._contradicted_since = None
            self._accept(debouncer.advance(now))

    def _is_kind_due(self, now: float) -> bool:
        """Whether a hold has become another kind of press.

        While the line falls, the hold may have ended before that. The next state decides it.
        """
        deadline = self._classifier.deadline
        return deadline is not None and deadline <= now and self._debouncer.phase != "falling"

    def _line_agrees(self) -> bool:
        """Whether the line, read now, is as its last edge left it."""
        return bool(self._line.is_active) == (self._debouncer.phase in ("rising", "pressed"))

    def _wait_for_lost_edge(self, now: float) -> None:
        """The line contradicts us. Its edge may be on its way; after a while it is lost."""
        if self._contradicted_since is None:
            self._contradicted_since = now
        if now - self._contradicted_since > LOST_EDGE_S:
            self._contradicted_since = None
            self._accept(self._debouncer.without_edge(now))
        else:
            self._changed.wait(RECHECK_S)

    def _next_check_s(self, now: float) -> float:
        """Seconds until the line of a held button must be read again."""
        if self._classifier.deadline is None:
            return HELD_CHECK_S
        return min(HELD_CHECK_S, max(0.001, self._classifier.deadline - now))

    def _accept(self, debouncer: Debouncer) -> None:
        """Take the debouncer's next state, and classify the press or release that it found."""
        self._debouncer = debouncer
        if debouncer.release is not None:
            self._classify(self._classifier.release(debouncer.release), debouncer.release)
        if debouncer.press is not None:
            self._classify(self._classifier.press(debouncer.press), debouncer.press)

    def _classify(self, classifier: PressClassifier, at: float) -> None:
        """Take the classifier's next state, and queue what it found for a report."""
        since = classifier.since if classifier.since is not None else self._classifier.since
        self._classifier = classifier
        began = at if since is None else since
        began_at = datetime.now(UTC) - timedelta(seconds=time.monotonic() - began)
        for kind in classifier.kinds:
            self._reports.append(_Report(kind, began_at, max(0.0, at - began)))

    def _send(self, report: _Report) -> None:
        is_press = report.kind == "pressed"
        if report.kind == "double_pressed" and self._on_other is None:
            is_press = True
        try:
            if is_press:
                if self._on_press:
                    self._on_press(report.at)
            elif self._on_other:
                self._on_other(*report)
        except Exception:
            log.exception("a press could not be reported")
