"""Times of day: what is due every day at the same local time, over summer time and zones.

APScheduler computes the times. Its scheduler is not used: it waits for so many seconds, and a
Raspberry Pi's clock jumps by years when the time server answers. Callers ask here now and then, and
the answer depends on nothing but the time.
"""

from datetime import UTC, datetime, time, timedelta

from apscheduler.triggers.cron import CronTrigger

LOOK_BACK = timedelta(hours=3)  # more than summer time moves a clock: no planned time is left out
GRACE = timedelta(minutes=15)  # how late it may be, for a caller that was off or busy


class Daily:
    """Once each day at a local time."""

    def __init__(self, at: time, zone: str | None = None) -> None:
        """Prepare.

        Args:
            at: The time of day. Where summer time leaves it out, it comes an hour later.
            zone: Its time zone, like `Europe/Berlin`; None for this machine's.
        """
        self._trigger = CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=zone)

    def last(self, now: datetime, within: timedelta) -> datetime | None:
        """The latest time before now, in its own zone; None when it is longer ago than `within`."""
        found = None
        now = now.astimezone(UTC)  # between two times of one zone Python ignores the offsets
        at = self._next(now - max(within, LOOK_BACK))
        while at is not None and at.astimezone(UTC) <= now:
            found = at
            at = self._next(at.astimezone(UTC) + timedelta(microseconds=1))
        return found if found and now - found.astimezone(UTC) <= within else None

    def due(self, now: datetime) -> str | None:
        """The day (`2026-03-29`) whose time has come and not long passed; None between the times.

        A caller that keeps the day does nothing twice: neither after a restart, nor when the clock
        is set back, nor in the hour that comes twice.
        """
        planned = self.last(now, GRACE)
        return planned.date().isoformat() if planned else None

    def _next(self, after: datetime) -> datetime | None:
        planned: datetime | None = self._trigger.get_next_fire_time(None, after)
        return planned
