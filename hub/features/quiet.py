"""Decides whether the house is quiet: by the schedule, or by a command, which goes first."""

import json
import logging
import math
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus, Message
from hub.store.database import State, StateError
from hub.store.memory import DiskMemory
from hub.system.clock import Clock
from hub.wire import topics
from hub.wire.quiet import QuietState, by_schedule

log = logging.getLogger(__name__)
COMMAND = "quiet wished"  # the key in the hub's memory
LONGEST_S = 30 * 86_400
SAME_S = 2.0  # two ends of the same command may differ by so much
ID_LENGTH = 64
WORDS = {"on": True, "off": False, "auto": None}


class QuietKeeper(Feature):
    """Publishes, retained, whether the house is quiet and until when. The last command wins."""

    def __init__(self, settings: Settings, state: State, bus: Bus) -> None:
        self._hours = settings.quiet
        self._bus = bus
        self._clock = state.clock
        self._topic = topics.quiet(topics.source("hub", settings.hub))
        self._memory = DiskMemory(state)
        self._published: QuietState | None = None
        self._command_id = ""
        self._lock = threading.Lock()  # commands come in the network thread; never publish with it
        bus.on_connect.append(self._publish_again)
        bus.subscribe(topics.quiet_wish("doorbell/+/+", settings.hub), self._receive)

    def tick(self) -> None:
        """Publish the state if it has changed."""
        try:
            self._publish_change()
        except StateError as error:
            log.warning("quiet: %s", error)

    def reason(self) -> str | None:
        """Why nothing may make a noise now; None when it may."""
        state = self._published or self.state()
        return state.words if state.quiet else None

    def state(self) -> QuietState:
        """Whether the house is quiet now."""
        with self._lock:
            command_id = self._command_id
            command = self._memory.get(COMMAND)
            left_s = _left_s(command, self._clock) if command else 0
            if command and left_s <= 0:
                del self._memory[COMMAND]  # otherwise a clock that is set back would revive it
        if command and left_s > 0:
            return QuietState(command["quiet"], "command", self._until(left_s), command_id)
        now = datetime.fromtimestamp(self._clock.unix_s()).astimezone()
        return replace(by_schedule(self._hours, now), wish=command_id)

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
        self._bus.publish(self._topic, state.encode(), retain=True, content_type="application/json")

    def _receive(self, message: Message) -> None:
        """Take a command, in the network thread. A retained one is refused: it was given once."""
        message.ack()
        command = None if message.retained else _read(message.payload)
        if command is None:
            log.warning("%s: not a quiet command. Write on, off, auto, or JSON", message.topic)
            return
        quiet, for_s, command_id = command
        self._keep(quiet=quiet, for_s=for_s, command_id=command_id)
        self._published = None
        self._publish_change()

    def _keep(self, *, quiet: bool | None, for_s: float | None, command_id: str) -> None:
        """Keep the command. When it comes a second time, its time does not begin anew."""
        command = {"id": command_id, "quiet": quiet, "for_s": for_s}
        with self._lock:
            self._command_id = command_id
            if quiet is None:
                self._memory.pop(COMMAND, None)
                return
            kept = self._memory.get(COMMAND) or {}
            is_repeat = bool(command_id) and kept.items() >= command.items()
            if not is_repeat:
                self._memory[COMMAND] = command | self._now()

    def _now(self) -> dict[str, Any]:
        """The present by all clocks, for a command that has to outlive a restart."""
        return {
            "boot": self._clock.boot,
            "uptime_s": self._clock.uptime_s(),
            "unix_s": self._clock.unix_s(),
        }


def _read(payload: bytes) -> tuple[bool | None, float | None, str] | None:
    """Read a command: quiet or not (None: by schedule), seconds, id. None if it is invalid."""
    text = payload.decode(errors="replace").strip()
    if text.lower() in WORDS:
        return WORDS[text.lower()], None, ""
    try:
        command = json.loads(text)
        quiet, for_s, command_id = command["quiet"], command.get("for_s"), command.get("id", "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    is_valid = (
        (quiet is None or isinstance(quiet, bool))
        and isinstance(command_id, str)
        and len(command_id) <= ID_LENGTH
        and (for_s is None or _is_time(for_s))
    )
    return (quiet, for_s, command_id) if is_valid else None


def _is_time(for_s: object) -> bool:
    return isinstance(for_s, int | float) and not isinstance(for_s, bool) and 0 < for_s <= LONGEST_S


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
