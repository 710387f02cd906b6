"""What the visitor sees in the button: it rings, somebody was told, somebody answers, nobody does."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config import Settings
from devices.button.led import GpioLed, Led, LedState, SimulatedLed
from devices.gpio.line import GpioError
from hub.features.feature import Feature
from hub.mqtt.bus import Bus, Message
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.event import BadEvent, Event, decode

log = logging.getLogger(__name__)
PATIENCE_S = 120.0  # a sign ends after that, whoever should have ended it
ANSWERED_S = 30.0
MISSED_S = 4.0  # as long as it blinks
OUTDATED_S = 10.0  # nobody waits at the door for what was pressed longer ago
ENDS: dict[str, tuple[LedState, float]] = {
    "visit.answered": ("answered", ANSWERED_S),
    "visit.missed": ("missed", MISSED_S),
}
SNOOZE = "snooze"  # an answer to the phone, not to the visitor


WAITS = ("pressed", "told")
PRESSES_KEPT = 100


@dataclass
class Shown:
    """What an LED shows now.

    Attributes:
        led: The LED.
        told_by: Whose reaction means that somebody was told.
        sign: What it shows.
        presses: The ids of the presses that it is about; empty for one that cannot be written down yet.
        until_s: When it goes dark, by the seconds of a monotonic clock.
    """

    led: Led
    told_by: tuple[str, ...]
    sign: LedState = "off"
    presses: list[str] = field(default_factory=list)
    until_s: float = 0.0

    def ring(self, press: str, until_s: float) -> None:
        """Somebody presses: who waits already, or the next one."""
        self.presses = [*(self.presses if self.sign in WAITS else []), press][-PRESSES_KEPT:]
        self.show("pressed", until_s)

    def show(self, sign: LedState, until_s: float) -> None:
        """Show it until then."""
        self.sign, self.until_s = sign, until_s
        self.led.show(sign)


class ButtonLeds(Feature):
    """The LEDs of all doors that have one. Nothing here is kept: after a restart nobody waits any more."""

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        bus: Bus,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self.faults = []
        self._shown: dict[str, Shown] = {}
        for door, wanted in settings.doors.items():
            if wanted.led is None:
                continue
            try:
                pin, path = wanted.led.pin, settings.state_dir / f"led-{door}"
                led = (
                    SimulatedLed(path)
                    if pin is None
                    else GpioLed(pin, active_high=wanted.led.active == "high")
                )
                self._shown[door] = Shown(led, wanted.led.told_by)
            except GpioError as error:
                self.faults.append(f"[doors.{door}.led] {error}")
        if self._shown:
            reporter.on_report.append(self._seen)
            for kind in ("notification.sent", "handler.done", *ENDS):
                bus.subscribe(topics.event_filter(kind), self._receive, qos=0)

    def tick(self) -> None:
        """Let signs end; called once a second."""
        for shown in self._shown.values():
            if shown.sign != "off" and self._seconds() > shown.until_s:
                shown.show("off", 0)

    def close(self) -> None:
        """Go dark."""
        for shown in self._shown.values():
            shown.led.close()

    def _seen(self, report: Report, event: Event | None, late_s: float) -> None:
        shown = self._shown.get(report.subject)
        if shown is None or late_s > OUTDATED_S:
            return
        if (
            report.kind == topics.PRESSED
        ):  # the second one of a pair changes nothing: it rings already
            shown.ring(event.id if event else "", self._seconds() + PATIENCE_S)
        elif (
            report.kind == topics.ANSWERED
            and report.data.get("answer") != SNOOZE
            and not report.data.get("late")
        ):
            self._end(shown, "answered", ANSWERED_S)

    def _receive(self, message: Message) -> None:
        """What handlers say, live: in the network thread."""
        message.ack()
        try:
            event = decode(message.payload)
        except BadEvent:
            return
        shown = self._shown.get(event.subject)
        if shown is None or message.retained:
            return
        if event.type in ENDS:
            if event.data.get("visit") in shown.presses:  # else an earlier visitor's
                self._end(shown, *ENDS[event.type])
        elif (
            shown.sign == "pressed"
            and event.cause in shown.presses
            and _tells(event, shown.told_by)
        ):
            shown.show("told", shown.until_s)

    def _end(self, shown: Shown, sign: LedState, for_s: float) -> None:
        """Only who waits is told how it ends."""
        if shown.sign in WAITS:
            shown.show(sign, self._seconds() + for_s)


def _tells(event: Event, told_by: tuple[str, ...]) -> bool:
    """Whether somebody was told: it says so itself, or its handler is one whose reaction means that."""
    return event.type == "notification.sent" or event.data.get("handler") in told_by
