"""Decides whether the house is quiet: by the schedule, or by a command, which goes first."""

import logging
import math
import threading
from datetime import datetime, timedelta
from typing import Any

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedCommand
from hub.store.memory import DiskMemory
from hub.store.state import State, StateError
from hub.system.clock import Clock
from hub.wire import topics
from hub.wire.codec import JSON
from hub.wire.command import Quiet
from hub.wire.retained.quiet import QuietState, by_schedule

log = logging.getLogger(__name__)
COMMAND = "quiet wished"  # the key in the hub's memory
SAME_S = 2.0  # two ends of the same command may differ by so much


class QuietKeeper(Feature):
    """Publishes, retained, whether the house is quiet and until when. The last command wins."""

    def __init__(self, settings: Settings, state: State, bus: Bus) -> None:
        self._hours = settings.quiet
        self._bus = bus
        self._clock = state.clock
        self._topic = bus.topics.quiet(topics.source("hub", settings.hub))
        self._memory = DiskMemory(state)
        self._kept: dict[str, Any] | None = self._memory.get(COMMAND)  # read once: it is ours alone
        self._is_saved = True
        self._published: QuietState | None = None
        self._command_id = ""
        self._lock = threading.Lock()  # commands come in the network thread; never publish with it
        bus.on_connect.append(self._publish_again)
        bus.on_retry.append(self._publish_again)
        bus.on_remind.append(self._publish_again)
        bus.on_command("quiet", settings.hub, self._receive)

    def tick(self) -> None:
        """Publish the state if it has changed."""
        with self._lock:
            if not self._is_saved:
                self._save()
        self._publish_change()

    def reason(self) -> str | None:
        """Why nothing may make a noise now; None when it may."""
        state = self._published or self.state()
        return state.words if state.quiet else None

    def state(self) -> QuietState:
        """Whether the house is quiet now."""
        with self._lock:
            command_id = self._command_id
            command = self._kept
            left_s = _left_s(command, self._clock) if command else 0
            if command and left_s <= 0:
                self._hold(None)  # otherwise a clock that is set back would revive it
        if command and left_s > 0:
            return QuietState(command["quiet"], "command", self._until(left_s), command_id)
        return by_schedule(self._hours, self._clock.utc(), command_id)

    def _until(self, left_s: float) -> datetime | None:
        """When a command ends: the same moment at each call, unless the clock was set."""
        if math.isinf(left_s):
            return None
        until = self._clock.utc() + timedelta(seconds=left_s)
        published = self._published  # once: another thread may forget it
        if published is None or published.until is None:
            return until
        is_same = abs((until - published.until).total_seconds()) < SAME_S
        return published.until if is_same else until

    def _publish_change(self) -> None:
        state = self.state()
        if state != self._published:
            self._published = state
            log.info("quiet: %s", state.words)
            self._publish(state)

    def _publish_again(self) -> None:
        if state := self._published:
            self._publish(state)

    def _publish(self, state: QuietState) -> None:
        self._bus.publish(self._topic, state.encode(), retain=True, content_type=JSON)

    def _receive(self, received: ReceivedCommand) -> None:
        """Take a command, in the network thread."""
        if isinstance(received.command, Quiet):
            self._keep(received.command)
            self._published = None
            self._publish_change()
        received.ack()

    def _keep(self, quiet: Quiet) -> None:
        """Keep the command. When it comes a second time, its time does not begin anew."""
        command = {"id": quiet.id, "quiet": quiet.quiet, "for_s": quiet.for_s}
        with self._lock:
            self._command_id = quiet.id
            if quiet.quiet is None:
                self._hold(None)
                return
            kept = self._kept or {}
            is_repeat = bool(quiet.id) and kept.items() >= command.items()
            if not is_repeat:
                self._hold(command | self._now())

    def _hold(self, command: dict[str, Any] | None) -> None:
        """Let this command hold from now on, whatever the disk says. The lock is held."""
        if command != self._kept:
            self._kept = command
            self._save()

    def _save(self) -> None:
        """Write what holds; where that fails, the next tick tries it again. The lock is held."""
        try:
            if self._kept:
                self._memory[COMMAND] = self._kept
            else:
                self._memory.pop(COMMAND, None)
        except StateError as error:
            if self._is_saved:
                log.warning("quiet: what was commanded cannot be written yet: %s", error)
            self._is_saved = False
        else:
            self._is_saved = True

    def _now(self) -> dict[str, Any]:
        """The present by all clocks, for a command that has to outlive a restart."""
        return {
            "boot": self._clock.boot,
            "uptime_s": self._clock.uptime_s(),
            "unix_s": self._clock.unix_s(),
        }


def _left_s(command: dict[str, Any], clock: Clock) -> float:
    """For how many seconds a command still holds.

    Within a boot the clock that never jumps decides, after a reboot the wall clock.
    """
    for_s = command["for_s"]
    if for_s is None:
        return math.inf
    if command["boot"] == clock.boot:
        return float(command["uptime_s"] + for_s - clock.uptime_s())
    return float(min(for_s, command["unix_s"] + for_s - clock.unix_s()))
