"""The clock as a producer: sunrise, sunset, quiet hours, the end of the day, and times of one's own, as events."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from config import Quiet, Settings
from devices.machine.sun import solar_day, sun_moves
from hub.features.daily_summary import DEAD, MISSED, DailySummary
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.producer.producer import Producer
from hub.store.database import State, StateError
from hub.system.clock import RELEASED, Clock
from hub.wire import topics

if TYPE_CHECKING:
    from hub.features.schedule import Daily

log = logging.getLogger(__name__)
HOUSE = "house"  # what these events are about
LOOK_S = 2.0
UNSET_S = 600.0  # a clock that no time server has set by then is believed: there may be none
DAY = timedelta(days=1)
SUN = {"sunrise": "clock.sunrise", "sunset": "clock.sunset"}


class Calendar(Feature):
    """Says each event of the clock once: its id is made of the day, and stands in the journal with it.

    What came while the hub was off is said when it is back, if that is not longer ago than `late_max_s`, and of each
    type the last one only. Nothing is said by a clock that cannot be believed.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        producer: Producer,
        bus: Bus,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._producer, self._seconds = settings, producer, seconds
        self._clock: Clock = state.clock
        self._within = timedelta(seconds=settings.clock.late_max_s)
        self._tally = DailySummary(state, bus) if settings.clock.summary_at else None
        self._look_at = -LOOK_S
        self._daily = dict(_daily(settings))
        self._said: dict[str, str] = {}  # by type, the id of the last one

    def tick(self) -> None:
        """Say what is due; never waits."""
        if self._seconds() < self._look_at or not (self._daily or self._settings.clock.sun):
            return
        self._look_at = self._seconds() + LOOK_S
        if not self._believes():
            return
        now = self._clock.utc()
        for due, kind, day in sorted(self._due(now)):
            try:
                self._say(kind, due, day, now)
            except StateError as error:
                log.warning("%s: %s", kind, error)

    def _believes(self) -> bool:
        settled = self._clock.uptime_s() > UNSET_S and self._clock.unix_s() >= RELEASED
        return self._clock.is_synchronised() or settled

    def _due(self, now: datetime) -> Iterator[tuple[datetime, str, date]]:
        """What has come and is not too late: when, what, and of which day it is."""
        for kind, daily in self._daily.items():
            if due := daily.last(now, self._within):
                yield due.astimezone(UTC), kind, due.date()
        if self._settings.clock.sun:
            yield from self._sun(now)

    def _sun(self, now: datetime) -> Iterator[tuple[datetime, str, date]]:
        house = self._settings.house
        if house.latitude is None or house.longitude is None:
            return
        today = solar_day(now, house.longitude)
        last: dict[str, tuple[datetime, str, date]] = {}
        for day in (today - DAY, today):
            for name, due in sun_moves(day, house.latitude, house.longitude).items():
                if now - self._within <= due <= now:
                    last[name] = (due, SUN[name], day)
        yield from last.values()

    def _say(self, kind: str, at: datetime, day: date, now: datetime) -> None:
        name = f"doorbell:{self._settings.hub}:{kind}:{day}"
        event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        if self._said.get(kind) == event_id or self._producer.journal.knows(event_id):
            self._said[kind] = event_id
            return
        data: dict[str, Any] = {"late_s": round((now - at).total_seconds())}
        if kind == topics.DAY_ENDED:
            data |= self._summary(at)
        self._producer.say(kind, HOUSE, data, time=at, id=event_id, planned=True)
        self._said[kind] = event_id
        log.info("%s (%s)", kind, event_id)

    def _summary(self, until: datetime) -> Mapping[str, Any]:
        """The 24 hours before: who rang, was answered, was missed, how often by door; which handlers gave up."""
        journal, tally, since = self._producer.journal, self._tally, until - DAY
        return {
            "presses": journal.count(topics.PRESSES, since, until),
            "answers": journal.count([topics.ANSWERED], since, until),
            "missed": tally.count(MISSED, since, until) if tally else {},
            "failed": tally.count(DEAD, since, until) if tally else {},
        }


def _daily(settings: Settings) -> "Iterator[tuple[str, Daily]]":
    clock, quiet = settings.clock, settings.quiet if settings.clock.quiet else Quiet()
    times = {
        "clock.quiet_began": quiet.begin,
        "clock.quiet_ended": quiet.end,
        topics.DAY_ENDED: clock.summary_at,
        **{f"clock.{name.replace('-', '_')}": at for name, at in clock.at.items()},
    }
    wanted = {kind: at for kind, at in times.items() if at is not None}
    if not wanted:
        return
    from hub.features.schedule import Daily  # noqa: PLC0415 - 2 MB that only who wants such events needs

    yield from ((kind, Daily(at)) for kind, at in wanted.items())
