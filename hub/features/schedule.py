"""What happens every day at the same local time. The only user of APScheduler, which knows zones and summer time.

Its own clockwork is not used: it waits for so many seconds, and a Raspberry Pi's clock jumps by years when the time
server answers. Whoever wants to know asks here now and then; the answer depends on nothing but the time.
"""

from datetime import UTC, datetime, time, timedelta

from apscheduler.triggers.cron import CronTrigger

LOOK_BACK = timedelta(
    hours=3
)  # more than summer time moves a clock: a planned time that it leaves out is found
GRACE = timedelta(minutes=15)  # who was off at the time, or busy, is that much late at most


class Daily:
    """Once each day at a local time."""

    def __init__(self, at: time, zone: str | None = None) -> None:
        """Prepare.

        Args:
            at: The time of day; a time that summer time leaves out comes with the hour after it.
            zone: Its time zone, like `Europe/Berlin`; this machine's if not given.
        """
        self._trigger = CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=zone)

    def last(self, now: datetime, within: timedelta) -> datetime | None:
        """The last time that has come, if that is not longer ago; in its own zone."""
        found, at = None, self._next(now.astimezone(UTC) - within)
        while at is not None and at.astimezone(UTC) <= now:
            found, at = at, self._next(at.astimezone(UTC) + timedelta(microseconds=1))
        return found

    def due(self, now: datetime) -> str | None:
        """The day (`2026-03-29`) whose time has come and not long passed; None between the times.

        Who keeps the day that was done does nothing twice: not after a restart, nor when a clock is set back, nor
        in the hour that comes twice.
        """
        planned = self._next(now.astimezone(UTC) - LOOK_BACK)
        if planned is None:
            return None
        late = now.astimezone(UTC) - planned.astimezone(
            UTC
        )  # of two times in one zone Python ignores the offsets
        return planned.date().isoformat() if timedelta(0) <= late <= GRACE else None

    def _next(self, after: datetime) -> datetime | None:
        planned: datetime | None = self._trigger.get_next_fire_time(None, after)
        return planned
