"""The last resort: when nothing reacts to a press, the hub itself makes it heard."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from config import Chime as ChimeSettings
from config import Settings
from devices.gpio.line import GpioError
from devices.speaker.chime_output import Gong, RelayGong
from devices.speaker.chimes import write_chime
from hub.features.feature import Feature
from hub.mqtt.bus import Bus, Message
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.event import BadEvent, Event, decode

log = logging.getLogger(__name__)
SILENT = (
    "log",
    "telemetry",
    "visit",
)  # they keep books: that one of them reacted is heard by nobody
OUTDATED_S = 30.0  # a press of which the disk had no record for so long is history
STRIKE_S = 30.0


class PlayerGong:
    """Plays a sound in a process of its own: a sound card that hangs must not hang the hub.

    Raises:
        FileNotFoundError: there is no such file.
    """

    def __init__(self, settings: Settings) -> None:
        chime = settings.chime
        if chime.sound and not chime.sound.is_file():
            raise FileNotFoundError(
                f"sound: there is no file {chime.sound}. Name one, or leave it out for a ding-dong"
            )
        sound = chime.sound or write_chime(settings.state_dir / "chime.wav", "ding-dong")
        self._command = (
            "-m",
            "devices.speaker.chime_output",
            str(sound),
            str(chime.volume / 100),
            str(chime.speaker),
        )
        self._process: subprocess.Popen[bytes] | None = None

    def ring(self) -> None:
        """See Gong."""
        if self._process and self._process.poll() is None:
            return  # it sounds already
        self._process = subprocess.Popen(
            [sys.executable, "-P", *self._command], stdin=subprocess.DEVNULL
        )
        threading.Thread(target=self._reap, args=(self._process,), daemon=True).start()

    def close(self) -> None:
        """See Gong."""
        if self._process and self._process.poll() is None:
            self._process.kill()

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(subprocess.TimeoutExpired):
            if process.wait(STRIKE_S):
                log.error("[chime] nothing could be played: see above")
            return
        process.kill()
        process.wait()
        log.error("[chime] the sound card %s hangs", self._command[-1])


class Chime(Feature):
    """Waits for the first reaction to each press; none in time, or no broker: it strikes.

    Attributes:
        faults: What is wrong with the gong, for the hub's status.
    """

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        bus: Bus,
        *,
        quiet: Callable[[], str | None],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._bus, self._after_s = seconds, bus, settings.chime.after_s
        self._quiet = quiet
        self._lock = threading.Lock()
        self._waiting: dict[str, float] = {}  # a press → when it has to be heard
        self.faults = []
        self._gong: Gong | None = None
        try:
            self._gong = _open(settings, settings.chime)
        except (GpioError, FileNotFoundError) as error:
            self.faults = [f"[chime] {error}"]
        if self._gong:
            reporter.on_report.append(self._seen)
            bus.subscribe(topics.event_filter("handler.done"), self._receive, qos=0)

    def tick(self) -> None:
        """Strike for what nobody has reacted to."""
        now = self._seconds()
        with self._lock:
            overdue = [
                press
                for press, at in self._waiting.items()
                if at <= now or not self._bus.connected.is_set()
            ]
            for press in overdue:
                del self._waiting[press]
        if overdue and (reason := self._quiet()):
            log.warning(
                "nothing has reacted to the press %s; the hub's own chime is silent: %s",
                overdue,
                reason,
            )
        elif overdue and self._gong:
            log.warning(
                "nothing has reacted to the press %s: the hub's own chime strikes",
                ", ".join(overdue),
            )
            self._gong.ring()

    def close(self) -> None:
        """Let go of the gong."""
        if self._gong:
            self._gong.close()

    def _seen(self, report: Report, event: Event | None, late_s: float) -> None:
        if report.kind == topics.PRESSED and late_s <= OUTDATED_S:
            with self._lock:
                self._waiting[event.id if event else report.at.isoformat()] = (
                    self._seconds() + self._after_s
                )

    def _receive(self, message: Message) -> None:
        message.ack()
        try:
            event = decode(message.payload)
        except BadEvent:
            return
        if event.cause and event.data.get("handler") not in SILENT and not message.retained:
            with self._lock:
                self._waiting.pop(event.cause, None)


def _open(settings: Settings, chime: ChimeSettings) -> Gong | None:
    if chime.relay is not None:
        return RelayGong(chime.relay, strike_s=chime.strike_s, active_high=chime.active == "high")
    return PlayerGong(settings) if chime.speaker else None
