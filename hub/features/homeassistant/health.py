"""How the hub and its machine are: disk, clock, the last drill, and the last fault."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from config import Settings
from hub.mqtt.bus import Bus
from hub.producer.producer import Producer
from hub.remote.drill.roll_call import RollCall
from hub.store.state import State
from hub.wire import topics
from hub.wire.event import Event
from hub.wire.retained.states import FAULT_LENGTH, Health
from hub.wire.topics import Topics

LOOK_S = 60.0
MB = 1_000_000
STEP_MB = 100  # so that not every picture is a change
FULL_MB = 200  # less room is a fault


class HealthReport:
    """Looks at the machine once a minute, and follows drills and failures."""

    def __init__(
        self,
        settings: Settings,
        state: State,
        bus: Bus,
        producer: Producer,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._state = state
        self._bus = bus
        self._producer = producer
        self._source = topics.source("hub", settings.hub)
        self._seconds = seconds
        self._look_at = 0.0
        self._lock = threading.Lock()
        self._health = Health()
        self._roll: RollCall | None = None
        self._drill: Event | None = None
        self._drill_ends_at = 0.0
        bus.on_event("handler.dead", self._dead, qos=0)

    def tick(self) -> None:
        """Look at the machine when it is time, and at a drill."""
        if self._seconds() >= self._look_at or self._state.disk_fault:
            self._look_at = self._seconds() + LOOK_S
            self._look()
        roll, drill = self._roll, self._drill
        if roll is None or drill is None:
            return
        if self._seconds() > self._drill_ends_at or (
            roll.is_quiet and roll.is_complete(drill.id, roll.expected())
        ):
            self._conclude(roll, drill)

    def follow_drill(self, drill: Event) -> None:
        """A drill begins: wait for what the handlers make of it."""
        if self._drill and self._drill.id == drill.id:
            return
        if self._roll:
            self._roll.close()
        self._roll = RollCall(self._bus, self._settings, self._producer.consumers())
        self._drill, self._drill_ends_at = drill, self._seconds() + self._settings.drill.timeout_s
        self._roll.open()
        self._change(drill="running", drilled=drill.time, failed=())

    def payloads(self, house: Topics) -> Mapping[str, bytes]:
        """What to publish, by its topic."""
        return {house.health(self._source): self._health.encode()}

    def close(self) -> None:
        """End listening to a drill."""
        if self._roll:
            self._roll.close()

    def _look(self) -> None:
        clock = self._state.clock.is_synchronised()
        try:
            disk = os.statvfs(self._settings.state_dir)
        except OSError as error:
            self._change(clock=clock, disk=_short(f"the state folder cannot be read: {error}"))
            return
        free_mb = disk.f_bavail * disk.f_frsize // MB
        fault = self._state.disk_fault
        if not fault and free_mb < FULL_MB:
            fault = f"only {free_mb} MB are free on the disk of the state folder"
        rounded_mb = free_mb // STEP_MB * STEP_MB
        self._change(clock=clock, disk=_short(fault), free_mb=rounded_mb)

    def _conclude(self, roll: RollCall, drill: Event) -> None:
        results = roll.results(drill.id)
        failed = tuple(_short(f"{one.handler}: {one.words}") for one in results if not one.works)
        roll.close()
        self._roll = self._drill = None
        self._change(drill="failed" if failed or not results else "passed", failed=failed)

    def _dead(self, event: Event) -> None:
        handler, reason = event.data.get("handler", ""), event.data.get("reason", "")
        fault = _short(f"{handler}: {reason}")
        self._change(fault=fault, fault_at=event.time)

    def _change(self, **changes: object) -> None:
        with self._lock:
            self._health = replace(self._health, **changes)  # type: ignore[arg-type]


def _short(text: str) -> str:
    """One line, no longer than a state may be."""
    return " ".join(text.split())[:FAULT_LENGTH]
