"""A person who is notified: on which phones, of which doors, and in which hours silently."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.machine.daily_window import DailyWindow
from devices.phone.phone import Phone


@dataclass(frozen=True)
class Recipient:
    """A person and their phones.

    Attributes:
        name: The name in the settings; empty for the addresses that belong to nobody in particular.
        phones: Every notification goes to all of them.
        doors: The doors that concern this person; None for all.
        after_s: Seconds to wait for an answer before this person is notified; 0 for at once.
        quiet: The hours in which no notification may make a sound.
    """

    name: str
    phones: Sequence[Phone]
    doors: Sequence[str] | None = None
    after_s: float = 0.0
    quiet: DailyWindow | None = None

    def sleeps(self, now: datetime) -> bool:
        """Whether this local time lies in the person's quiet hours."""
        return self.quiet is not None and self.quiet.contains(now.time())

    def wakes_in_s(self, now: datetime) -> float:
        """Seconds until the person's quiet hours end; 0 if there are none.

        Args:
            now: The local time, with its zone.
        """
        return self.quiet.remaining_s(now) if self.quiet else 0.0
