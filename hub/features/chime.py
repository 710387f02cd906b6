"""The hub's own chime, the last resort: it rings when no handler reacts to a press."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from config import Chime as ChimeSettings
from config import Settings
from devices.gpio import GpioError
from devices.speaker import ChimeOutput, RelayChime, write_chime
from hub.features.early_reactions import EarlyReactions
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.producer.reporter import Report, Reporter
from hub.wire import topics
from hub.wire.event import Event

log = logging.getLogger(__name__)
SILENT = ("log", "telemetry", "visit")  # these handlers keep records, and nobody hears them
OUTDATED_S = 30.0  # an older press does not ring: the disk took it too late
PLAY_S = 30.0  # a player that runs longer hangs


class PlayerChime:
    """Plays a sound in a separate process: a sound card that hangs must not hang the hub.

    Raises:
        FileNotFoundError: there is no such file.
    """

    def __init__(self, settings: Settings) -> None:
        chime = settings.chime
        if chime.sound and not chime.sound.is_file():
            remedy = "Name another file, or leave sound out for a ding-dong"
            raise FileNotFoundError(f"sound: there is no file {chime.sound}. {remedy}")
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
        """See ChimeOutput."""
        if self._process and self._process.poll() is None:
            return  # it still sounds
        self._process = subprocess.Popen(
            [sys.executable, "-P", *self._command], stdin=subprocess.DEVNULL
        )
        threading.Thread(target=self._reap, args=(self._process,), daemon=True).start()

    def close(self) -> None:
        """See ChimeOutput."""
        if self._process and self._process.poll() is None:
            self._process.kill()

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(subprocess.TimeoutExpired):
            if process.wait(PLAY_S):
                log.error("[chime] the sound could not be played; the lines above say why")
            return
        process.kill()
        process.wait()
        log.error("[chime] the sound card %s hangs", self._command[-1])


class Chime(Feature):
    """Rings for each press without a reaction in time; without a broker at once."""

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        bus: Bus,
        *,
        quiet: Callable[[], str | None],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._quiet = quiet
        self._seconds = seconds
        self._after_s = settings.chime.after_s
        self._lock = threading.Lock()
        self._early = EarlyReactions()
        self._waiting: dict[str, float] = {}  # a press → when the chime rings for it
        self.faults = []
        self._output: ChimeOutput | None = None
        try:
            self._output = _open(settings, settings.chime)
        except (GpioError, FileNotFoundError) as error:
            self.faults = [f"[chime] {error}"]
        if self._output:
            reporter.on_report.append(self._reported)
            reporter.on_journaled.append(self._journaled)
            bus.on_event("handler.done", self._receive, qos=0)

    def tick(self) -> None:
        """Ring for the presses without a reaction."""
        overdue = ", ".join(self._take_overdue())
        if not overdue or not self._output:
            return
        if reason := self._quiet():
            log.warning("no handler reacted to %s; the chime is silent: %s", overdue, reason)
            return
        log.warning("no handler reacted to %s: the hub's own chime rings", overdue)
        self._output.ring()

    def _take_overdue(self) -> list[str]:
        now = self._seconds()
        is_alone = not self._bus.connected.is_set()
        with self._lock:
            overdue = [press for press, at in self._waiting.items() if is_alone or at <= now]
            for press in overdue:
                del self._waiting[press]
        return overdue

    def close(self) -> None:
        """Close the relay or the player."""
        if self._output:
            self._output.close()

    def _reported(self, report: Report, event: Event | None, late_s: float) -> None:
        if report.kind != topics.PRESSED or late_s > OUTDATED_S:
            return
        press = event.id if event else report.stand_in
        with self._lock:
            if not self._early.has(press):
                self._waiting[press] = self._seconds() + self._after_s

    def _journaled(self, report: Report, event: Event) -> None:
        """Handlers know the press from now on. It rings when it would have rung, if it has not."""
        with self._lock:
            at = self._waiting.pop(report.stand_in, None)
            if at is not None and not self._early.has(event.id):
                self._waiting[event.id] = at

    def _receive(self, event: Event) -> None:
        if event.cause and event.data.get("handler") not in SILENT:
            self._early.note(event)
            with self._lock:
                self._waiting.pop(event.cause, None)


def _open(settings: Settings, chime: ChimeSettings) -> ChimeOutput | None:
    if chime.relay is not None:
        return RelayChime(chime.relay, strike_s=chime.strike_s, active_high=chime.active == "high")
    return PlayerChime(settings) if chime.speaker else None
