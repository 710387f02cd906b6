"""The nightly drill: what no longer works is told before the next visitor finds out."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.producer.producer import Producer
from hub.remote.roll_call import Answer, RollCall
from hub.store.database import State, StateError
from hub.store.memory import DiskMemory
from hub.wire import topics
from hub.wire.event import Event

if TYPE_CHECKING:
    from hub.features.schedule import Daily

log = logging.getLogger(__name__)
LOOK_S = 10.0  # how often the time of day is looked at
STATUSES_S = 5.0  # a broker that gives no statuses in that time gives none
UNDER_WAY = "drill under way"
DONE = "drilled on"  # in the hub's memory: the day of the last nightly drill


class NightlyDrill(Feature):
    """Run by the hub's own loop, a step a second; without a time in `[drill]` it does nothing.

    Attributes:
        faults: What the last drill found, for the hub's status; empty when all is well.
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
        self._settings, self._producer, self._bus = settings, producer, bus
        self._memory = DiskMemory(state)
        self._seconds, self._now = seconds, now
        self._look_at = 0.0
        self._since = 0.0
        self._roll: RollCall | None = None
        self._drill: Event | None = None
        self.faults = []
        self._daily = self._read_schedule()
        if self._memory.pop(UNDER_WAY, None):
            self.faults = [
                "drill: it was cut off when the hub ended, and has no result. Try `doorbell drill`"
            ]

    def _read_schedule(self) -> "Daily | None":
        if self._settings.drill.at is None:
            return None
        from hub.features.schedule import Daily  # noqa: PLC0415 - 2 MB that only a house with a nightly drill needs

        return Daily(self._settings.drill.at)

    def tick(self) -> None:
        """One step; never waits."""
        try:
            self._step()
        except StateError as error:
            log.warning("the nightly drill is held up: %s", error)

    def _step(self) -> None:
        if self._roll is None:
            self._begin_when_due()
        elif self._drill is None:
            self._say_when_known(self._roll)
        elif self._passed_s() > self._settings.drill.timeout_s or self._roll.is_complete(
            self._drill.id, self._roll.expected()
        ):
            self._conclude(self._roll, self._drill)

    def _passed_s(self) -> float:
        return self._seconds() - self._since

    def _begin_when_due(self) -> None:
        if self._daily is None or self._seconds() < self._look_at:
            return
        self._look_at = self._seconds() + LOOK_S
        day = self._daily.due(self._now())
        if day is None or self._memory.get(DONE) == day:
            return
        self._memory[DONE] = (
            day  # first: a drill that takes this process down is not begun again by its restart
        )
        self._roll = RollCall(self._bus, self._settings, self._producer.consumers())
        self._roll.open()
        self._since = self._seconds()

    def _say_when_known(self, roll: RollCall) -> None:
        """When it is known who is there: drill."""
        if not roll.is_quiet and self._passed_s() < STATUSES_S:
            return
        door = next(iter(self._settings.doors))
        data = {"name": self._settings.door_name(door), "via": "schedule"}
        self._drill = self._producer.say(topics.DRILLED, door, data, time=self._now())
        self._memory[UNDER_WAY] = self._drill.id
        self._since = self._seconds()
        log.info("nightly drill: %s", ", ".join(roll.expected()) or "nobody is there")

    def _conclude(self, roll: RollCall, drill: Event) -> None:
        self._roll = self._drill = None
        self._memory.pop(UNDER_WAY, None)
        roll.close()
        answers = roll.answers(drill.id)
        broken = [answer for answer in answers if not answer.works]
        failed = [{"handler": answer.handler, "reason": answer.words} for answer in broken]
        if not answers:
            failed = [{"handler": "handlers", "reason": self._why_nobody()}]
        self.faults = [f"drill: {one['handler']} does not work: {one['reason']}" for one in failed]
        if failed:
            data = {**drill.data, "failed": failed}
            self._producer.say(
                topics.DRILL_FAILED, drill.subject, data, time=self._now(), cause=drill
            )
        else:
            log.info("nightly drill: all %d work: %s", len(answers), _names(answers))

    def _why_nobody(self) -> str:
        if not self._bus.connected.is_set():
            return f"no broker answers at {self._bus.address}"
        return "none of them is there"


def _names(answers: list[Answer]) -> str:
    return ", ".join(answer.handler for answer in answers)
