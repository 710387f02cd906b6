"""Events of the clock: sun, quiet hours, the end of the day, and times from the settings."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from config import Quiet, Settings
from devices.machine import solar_day, sun_moves
from hub.features.daily_summary import DEAD, MISSED, DailySummary
from hub.features.feature import Feature
from hub.mqtt.bus import Bus
from hub.producer.producer import Producer
from hub.store.state import State, StateError
from hub.wire import topics

if TYPE_CHECKING:
    from hub.features.schedule import Daily

log = logging.getLogger(__name__)
HOUSE = "house"  # the subject of these events
LOOK_S = 2.0
DAY = timedelta(days=1)
PUT_BACK = "not published: it was due before this hub's state file was put back"
SUN = {"sunrise": "clock.sunrise", "sunset": "clock.sunset"}


class Calendar(Feature):
    """Publishes each event of the clock once: its id is made from the day and kept in the journal.

    After a time off, the hub publishes the latest event of each type that it missed, unless that is
    longer ago than `late_max_s`. A clock that cannot be trusted publishes nothing. A hub whose file
    was put back does not know what it has published: it publishes nothing that was due before.
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
        self._settings = settings
        self._producer = producer
        self._seconds = seconds
        self._clock = state.clock
        self._epochs = state.epochs
        self._within = timedelta(seconds=settings.clock.late_max_s)
        self._summary = DailySummary(state, bus) if settings.clock.summary_at else None
        self._look_at = -LOOK_S
        self._daily = _daily(settings)
        self._published: dict[str, str] = {}  # the id of the last event, by its type

    def tick(self) -> None:
        """Publish the events that are due."""
        if self._seconds() < self._look_at or not (self._daily or self._settings.clock.sun):
            return
        self._look_at = self._seconds() + LOOK_S
        if not self._clock.may_be_right():
            return
        now = self._clock.utc()
        for due, kind, day in sorted(self._due(now)):
            try:
                self._publish(kind, due, day, now)
            except StateError as error:
                log.warning("%s: %s", kind, error)

    def _due(self, now: datetime) -> Iterator[tuple[datetime, str, date]]:
        """The events that are due and not too late: time, type and day."""
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

    def _publish(self, kind: str, at: datetime, day: date, now: datetime) -> None:
        name = f"doorbell:{self._settings.hub}:{kind}:{day}"
        event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        if self._published.get(kind) == event_id or self._producer.journal.knows(event_id):
            self._published[kind] = event_id
            return
        if at.timestamp() <= self._epochs.copied_unix_s:
            self._published[kind] = event_id
            log.warning("%s: %s, and may have been published already", kind, PUT_BACK)
            return
        data: dict[str, Any] = {"late_s": round((now - at).total_seconds())}
        if kind == topics.DAY_ENDED:
            data |= self._day_before(at)
        self._producer.publish(kind, HOUSE, data, time=at, id=event_id, planned=True)
        self._published[kind] = event_id
        log.info("%s (%s)", kind, event_id)

    def _day_before(self, until: datetime) -> Mapping[str, Any]:
        """Counts for the 24 hours before: by door, and the failures by handler."""
        since = until - DAY
        journal = self._producer.journal
        summary = self._summary
        return {
            "presses": journal.count(topics.PRESSES, since, until),
            "answers": journal.count([topics.ANSWERED], since, until),
            "missed": summary.count(MISSED, since, until) if summary else {},
            "failed": summary.count(DEAD, since, until) if summary else {},
        }


def _daily(settings: Settings) -> "dict[str, Daily]":
    """The times of day that need an event, by its type."""
    clock = settings.clock
    quiet = settings.quiet if clock.quiet else Quiet()
    times = {
        "clock.quiet_began": quiet.begin,
        "clock.quiet_ended": quiet.end,
        topics.DAY_ENDED: clock.summary_at,
        **{f"clock.{name.replace('-', '_')}": at for name, at in clock.at.items()},
    }
    wanted = {kind: at for kind, at in times.items() if at is not None}
    if not wanted:
        return {}
    from hub.features.schedule import Daily  # noqa: PLC0415 - 2 MB, for such events only

    return {kind: Daily(at) for kind, at in wanted.items()}
