"""The nightly drill finds faults before the next visitor comes."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.producer.producer import Producer
from hub.remote.drill.roll_call import REACHED, RollCall
from hub.store.memory import DiskMemory
from hub.store.state import State, StateError
from hub.wire import topics
from hub.wire.event import Event

if TYPE_CHECKING:
    from hub.features.schedule import Daily

log = logging.getLogger(__name__)
LOOK_S = 10.0  # how often it looks at the time of day
STATUSES_S = 5.0  # how long it waits for the broker's kept statuses
SET_BACK = timedelta(days=7)
UNDER_WAY = "drill under way"  # in the hub's memory: the id of the drill that has begun
DONE = "drilled on"  # in the hub's memory: the day of the last nightly drill
INTERRUPTED = "drill: the hub ended before it had a result. Try `doorbell drill`"


class NightlyDrill(Feature):
    """Drills once a day, a step at each tick. Without a time in `[drill]` it does nothing.

    Attributes:
        faults: What the last drill found; empty when every handler works.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        producer: Producer,
        bus: Bus,
        *,
        seconds: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._producer = producer
        self._bus = bus
        self._clock = state.clock
        self._memory = DiskMemory(state)
        self._seconds = seconds
        self._now = now
        self._look_at = 0.0
        self._since = 0.0
        self._roll: RollCall | None = None
        self._drill: Event | None = None
        self._daily = self._read_schedule()
        was_interrupted = self._memory.pop(UNDER_WAY, None) is not None
        self.faults = [INTERRUPTED] if was_interrupted else []

    def _read_schedule(self) -> "Daily | None":
        if self._settings.drill.at is None:
            return None
        from hub.features.schedule import Daily  # noqa: PLC0415 - 2 MB, for a nightly drill only

        return Daily(self._settings.drill.at)

    def tick(self) -> None:
        """Take one step."""
        try:
            self._step()
        except StateError as error:
            log.warning("the nightly drill has to wait: %s", error)

    def _step(self) -> None:
        if self._roll is None:
            self._begin_when_due()
        elif self._drill is None:
            self._press_when_statuses_are_known(self._roll)
        elif self._is_over(self._roll, self._drill):
            self._conclude(self._roll, self._drill)

    def _is_over(self, roll: RollCall, drill: Event) -> bool:
        if self._passed_s() > self._settings.drill.timeout_s:
            return True
        return roll.is_complete(drill.id, roll.expected())

    def _passed_s(self) -> float:
        return self._seconds() - self._since

    def _begin_when_due(self) -> None:
        if self._daily is None or self._seconds() < self._look_at:
            return
        self._look_at = self._seconds() + LOOK_S
        day = self._daily.due(self._now())
        if day is None or not self._clock.may_be_right() or self._is_done(day):
            return
        # Noted first: a drill that kills this process must not begin again after the restart.
        self._memory[DONE] = day
        self._roll = RollCall(self._bus, self._settings, self._producer.consumers())
        self._roll.open()
        self._since = self._seconds()

    def _is_done(self, day: str) -> bool:
        """Whether this day has had its drill, or lies before one: the clock was set back.

        It is not set back by a week: then it was wrong when the last drill was noted.
        """
        done = self._memory.get(DONE)
        if done is None:
            return False
        ahead = date.fromisoformat(done) - date.fromisoformat(day)
        return timedelta() <= ahead <= SET_BACK

    def _press_when_statuses_are_known(self, roll: RollCall) -> None:
        if not roll.is_quiet and self._passed_s() < STATUSES_S:
            return
        door = next(iter(self._settings.doors))
        data = {"name": self._settings.door_name(door), "via": "schedule"}
        self._drill = self._producer.publish(topics.DRILLED, door, data, time=self._now())
        self._memory[UNDER_WAY] = self._drill.id
        self._since = self._seconds()
        log.info("nightly drill: %s", ", ".join(roll.expected()) or "no handler is there")

    def _conclude(self, roll: RollCall, drill: Event) -> None:
        self._roll = self._drill = None
        self._memory.pop(UNDER_WAY, None)
        roll.close()
        results = roll.results(drill.id)
        failed = [
            {"handler": result.handler, "reason": result.words}
            for result in results
            if not result.works
        ]
        if not results:
            failed = [{"handler": "handlers", "reason": self._why_no_results()}]
        self.faults = [f"drill: {one['handler']} does not work: {one['reason']}" for one in failed]
        if failed:
            data = {**drill.data, "failed": failed}
            now = self._now()
            self._producer.publish(topics.DRILL_FAILED, drill.subject, data, time=now, cause=drill)
            return
        tried = [result.handler for result in results if result.outcome != REACHED]
        works = f"works: {', '.join(tried)}" if tried else "nothing here reacts to a press"
        log.info("nightly drill: %s", works)

    def _why_no_results(self) -> str:
        if not self._bus.connected.is_set():
            return f"no broker answers at {self._bus.address}"
        return "none of them is there"
