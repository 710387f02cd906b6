"""Whether the house wants quiet: by the clock, or because somebody said so."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from config import Quiet as Hours
from devices.machine import DailyWindow

Why = Literal["schedule", "command", "off"]


@dataclass(frozen=True, slots=True)
class QuietState:
    """How it is now.

    Attributes:
        quiet: Whether nothing may make a noise.
        why: By the schedule, because somebody said so (for quiet, or against it), or because nothing speaks for quiet.
        until: When that ends, UTC; None: not by itself.
        wish: The id of the last wish that was heard.
    """

    quiet: bool
    why: Why
    until: datetime | None = None
    wish: str = ""

    @property
    def words(self) -> str:
        """`quiet hours until 07:00`, `quiet by command`, `no quiet hours now`."""
        end = f" until {self.until.astimezone():%H:%M}" if self.until else ""
        if self.why == "command":
            return f"{'quiet' if self.quiet else 'not quiet'} by command{end}"
        return f"quiet hours{end}" if self.quiet else "no quiet hours now"

    def encode(self) -> bytes:
        """As it is published."""
        until = (
            self.until.isoformat(timespec="seconds").replace("+00:00", "Z") if self.until else None
        )
        return json.dumps(
            {"quiet": self.quiet, "why": self.why, "until": until, "wish": self.wish}
        ).encode()


def decode(payload: bytes) -> QuietState | None:
    """What was published; None when it is no such state."""
    try:
        said = json.loads(payload)
        until = datetime.fromisoformat(said["until"]).astimezone(UTC) if said["until"] else None
        state = QuietState(said["quiet"], said["why"], until, str(said.get("wish", "")))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return (
        state
        if isinstance(state.quiet, bool) and state.why in ("schedule", "command", "off")
        else None
    )


def by_schedule(hours: Hours, now: datetime) -> QuietState:
    """What the quiet hours say of a moment by this machine's local time."""
    if hours.begin is None or hours.end is None or hours.begin == hours.end:
        return QuietState(quiet=False, why="off")
    window = DailyWindow(hours.begin, hours.end)
    quiet = window.contains(now.time())
    until = window.next_change(now).astimezone(UTC)
    return QuietState(quiet, "schedule" if quiet else "off", until)
