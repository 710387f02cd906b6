"""Shows the visitor in the button's LED what happens: it rings, a phone has it, an answer, none."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config import Settings
from devices.button import GpioLed, Led, LedState, SimulatedLed
from devices.gpio import GpioError
from hub.features.early_reactions import EarlyReactions
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.producer.reporter import Report, Reporter
from hub.store.guest_book.rules import rules_of
from hub.wire import topics
from hub.wire.command import SNOOZE
from hub.wire.event import Event

ANSWERED_S = 30.0
MISSED_S = 4.0  # as long as it blinks
OUTDATED_S = 10.0  # an older press is not shown: its visitor no longer waits
ENDS: dict[str, tuple[LedState, float]] = {
    "visit.answered": ("answered", ANSWERED_S),
    "visit.missed": ("missed", MISSED_S),
}
WAITING = ("pressed", "notified")
PRESSES_KEPT = 100


@dataclass
class ShownLed:
    """An LED and what it shows now.

    Attributes:
        led: The LED.
        notified_by: The handlers whose reaction means that a person knows of the visitor.
        early: What a person knew before the LED showed it.
        state: What it shows.
        presses: The ids of the presses that it shows; the time of one that is not written down yet.
        until_s: When it goes dark, in seconds of a monotonic clock.
        lock: Of `presses`, which several threads change.
    """

    led: Led
    notified_by: tuple[str, ...]
    early: EarlyReactions = field(default_factory=EarlyReactions)
    state: LedState = "off"
    presses: list[str] = field(default_factory=list)
    until_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_waiting(self) -> bool:
        """Whether a visitor waits for an answer."""
        return self.state in WAITING

    def ring(self, press: str, until_s: float) -> None:
        """Show a press: of the visitor who waits already, or of the next one."""
        with self.lock:
            earlier = self.presses if self.is_waiting else []
            self.presses = [*earlier, press][-PRESSES_KEPT:]
        self.show("pressed", until_s)
        self._look_back(press)

    def journaled(self, before: str, press: str) -> None:
        """A press that it may show is written down, and has an id in place of its time."""
        with self.lock:
            is_shown = before in self.presses
            self.presses = [press if one == before else one for one in self.presses]
        if is_shown:
            self._look_back(press)

    def _look_back(self, press: str) -> None:
        """Show what a person knew before; the next notification finds the state above."""
        if self.state == "pressed" and self.early.has(press):
            self.show("notified", self.until_s)

    def show(self, state: LedState, until_s: float) -> None:
        """Show this state until then."""
        self.state = state
        self.until_s = until_s
        self.led.show(state)

    def is_notification(self, event: Event) -> bool:
        """Whether this event means that a person knows of the visitor."""
        return event.type == "notification.sent" or event.data.get("handler") in self.notified_by


class ButtonLeds(Feature):
    """The LEDs of all doors. They keep nothing: after a restart no visitor waits any more."""

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        bus: Bus,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._patience_s = rules_of(settings).over_after_s
        self._leds: dict[str, ShownLed] = {}
        faults = []
        for door in settings.doors:
            try:
                self._open(door, settings)
            except GpioError as error:
                faults.append(f"[doors.{door}.led] {error}")
        self.faults = faults
        if self._leds:
            reporter.on_report.append(self._reported)
            reporter.on_journaled.append(self._journaled)
            for kind in ("notification.sent", "handler.done", *ENDS):
                bus.on_event(kind, self._receive, qos=0)

    def _open(self, door: str, settings: Settings) -> None:
        wanted = settings.doors[door].led
        if wanted is None:
            return
        led: Led
        if wanted.pin is None:
            led = SimulatedLed(settings.state_dir / f"led-{door}")
        else:
            led = GpioLed(wanted.pin, active_high=wanted.active == "high")
        self._leds[door] = ShownLed(led, wanted.notified_by)

    def tick(self) -> None:
        """Switch off each LED whose time is over."""
        for shown in self._leds.values():
            if shown.state != "off" and self._seconds() > shown.until_s:
                shown.show("off", 0)

    def close(self) -> None:
        """Switch off all LEDs."""
        for shown in self._leds.values():
            shown.led.close()

    def _reported(self, report: Report, event: Event | None, late_s: float) -> None:
        shown = self._leds.get(report.subject)
        if shown is None or late_s > OUTDATED_S:
            return
        until_s = self._seconds() + self._patience_s
        if report.kind == topics.PRESSED:
            shown.ring(event.id if event else report.stand_in, until_s)
        elif report.kind == topics.DOUBLE_PRESSED and shown.is_waiting:
            shown.until_s = until_s  # the LED rings already, and this visitor waits from now on
        elif report.kind == topics.ANSWERED and _is_for_visitor(report):
            self._end(shown, "answered", ANSWERED_S)

    def _journaled(self, report: Report, event: Event) -> None:
        if shown := self._leds.get(report.subject):
            shown.journaled(report.stand_in, event.id)

    def _receive(self, event: Event) -> None:
        """Take the event of a handler, in the network thread."""
        shown = self._leds.get(event.subject)
        if shown is None:
            return
        if event.type in ENDS:
            if event.data.get("visit") in shown.presses:  # otherwise it is an earlier visit
                state, for_s = ENDS[event.type]
                self._end(shown, state, for_s)
            return
        if not shown.is_notification(event):
            return
        shown.early.note(event)
        if shown.state == "pressed" and event.cause in shown.presses:
            shown.show("notified", shown.until_s)

    def _end(self, shown: ShownLed, state: LedState, for_s: float) -> None:
        """Show how the visit ends, if a visitor waits."""
        if shown.is_waiting:
            shown.show(state, self._seconds() + for_s)


def _is_for_visitor(report: Report) -> bool:
    """Whether an answer came in time and is not one to the phone."""
    return report.data.get("answer") != SNOOZE and not report.data.get("late")
