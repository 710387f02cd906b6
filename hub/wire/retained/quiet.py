"""The quiet state: whether the house wants quiet, by the clock or by a command. It is retained."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from config import Quiet as Hours
from devices.machine import DailyWindow
from hub.wire.codec import Message, Nullable, entry
from hub.wire.entries import Flag, Moment, OneOf, Text

Why = Literal["schedule", "command", "off"]


@dataclass(frozen=True, slots=True)
class QuietState(Message):
    """How it is now.

    Attributes:
        quiet: Whether nothing may make a noise.
        why: The schedule, a command (for quiet, or against it), or `off`: nothing speaks for quiet.
        until: When that ends, in UTC; None: not by itself.
        command: The id of the last command that the hub took.
    """

    quiet: bool = entry(Flag())
    why: Why = entry(OneOf("schedule", "command", "off"))
    until: datetime | None = entry(
        Nullable(Moment("When that ends; null when not by itself.")), default=None
    )
    command: str = entry(
        Text(64, summary="The id of the last command that the hub took."), default=""
    )

    @property
    def words(self) -> str:
        """`quiet hours until 07:00`, `quiet by command`, `no quiet hours now`."""
        end = f" until {self.until.astimezone():%H:%M}" if self.until else ""
        if self.why == "command":
            return f"{'quiet' if self.quiet else 'not quiet'} by command{end}"
        return f"quiet hours{end}" if self.quiet else "no quiet hours now"


def by_schedule(hours: Hours, now: datetime, command: str = "") -> QuietState:
    """What the quiet hours say of a moment by this machine's local time.

    Args:
        hours: The quiet hours.
        now: The moment, in any time zone.
        command: The id of the last command.
    """
    if hours.begin is None or hours.end is None or hours.begin == hours.end:
        return QuietState(quiet=False, why="off", command=command)
    here = now.astimezone()
    window = DailyWindow(hours.begin, hours.end)
    quiet = window.contains(here.time())
    until = window.next_change(here).astimezone(UTC)
    return QuietState(quiet, "schedule" if quiet else "off", until, command)
