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
        day = now.date()
        if now.time() >= self.end:
            day += timedelta(days=1)
        return (datetime.combine(day, self.end).astimezone() - now).total_seconds()
