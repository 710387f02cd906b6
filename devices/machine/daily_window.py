"""A part of the day, by the local clock, which may go over midnight."""

from datetime import datetime, time, timedelta
from typing import NamedTuple


class DailyWindow(NamedTuple):
    """From one time of day to another, every day. It is empty when both are the same.

    Attributes:
        begin: The first moment that belongs to it.
        end: The first moment that no longer does; the next day's when it is before `begin`.
    """

    begin: time
    end: time

    def contains(self, at: time) -> bool:
        """Whether this time of day lies in the window."""
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end

    def remaining_s(self, now: datetime) -> float:
        """How long it is until the window ends next.

        Args:
            now: The local time, with its zone.

        Returns:
            Seconds, more than 0 and at most a day (and an hour, when summer time ends).
        """
        return (_next(self.end, now) - now).total_seconds()

    def next_change(self, now: datetime) -> datetime:
        """When the window begins or ends next, as a local time with its zone.

        Args:
            now: The local time, with its zone.
        """
        change = self.end if self.contains(now.time()) else self.begin
        return _next(change, now)


def _next(at: time, now: datetime) -> datetime:
    """When it is this time of day next, by the local clock, summer time included."""
    day = now.date()
    if now.time() >= at:
        day += timedelta(days=1)
    return datetime.combine(day, at).astimezone()
