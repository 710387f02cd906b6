"""Tells a visitor's press from contact bounce and from the interference that a long wire picks up."""

from dataclasses import dataclass, replace
from typing import Literal

Phase = Literal["resting", "rising", "pressed", "falling"]


@dataclass(frozen=True, slots=True)
class Debouncer:
    """What is known of a button's line; each call gives a new one.

    The rule: a press is the line held for `min_press_s` without a break, and counts from the beginning of that time.
    It is over when the line has rested for `debounce_s` without a break; until then nothing is another press.
    A pulse shorter than `min_press_s` is interference. With `min_press_s = 0` the first edge is the press.

    Attributes:
        min_press_s: In seconds.
        debounce_s: In seconds.
        phase: Where in a press we are.
        since: When this phase began, in seconds of a monotonic clock.
        press: Set by the call in which a press became certain: when it began, in seconds of the same clock.
        release: Set by the call in which it became certain that a press is over: when it was let go.
    """

    min_press_s: float
    debounce_s: float
    phase: Phase = "resting"
    since: float = 0.0
    press: float | None = None
    release: float | None = None

    @property
    def deadline(self) -> float | None:
        """When to look at the line again if nothing happens until then; None: no need."""
        if self.phase == "rising":
            return self.since + self.min_press_s
        if self.phase == "falling":
            return self.since + self.debounce_s
        return None

    def edge(self, at: float, *, active: bool) -> "Debouncer":
        """The line changed, or was looked at: it is `active` (pressed) now."""
        line = self.settle(at)
        match line.phase, active:
            case "resting", True:
                # With no minimum the edge itself is the press; otherwise time will tell.
                rising = replace(line, phase="rising", since=at).settle(at, also=line.press)
                return replace(rising, release=line.release)
            case "rising", False:
                return replace(line, phase="resting", since=at)
            case "pressed", False:
                return replace(line, phase="falling", since=at)
            case "falling", True:
                return replace(line, phase="pressed", since=at)
        return line

    def settle(self, at: float, *, also: float | None = None) -> "Debouncer":
        """Time passed without an edge, up to `at`."""
        line = replace(self, press=also, release=None)
        if line.deadline is None or at < line.deadline:
            return line
        if line.phase == "rising":
            return replace(line, phase="pressed", press=line.since)
        return replace(line, phase="resting", since=line.deadline, release=line.since)

    def without_edge(self, at: float) -> "Debouncer":
        """The line is not what it should be: an edge was lost, in a storm of them. What is not known is no press."""
        match self.phase:
            case "rising":
                return replace(self, phase="resting", since=at, press=None, release=None)
            case "pressed":
                return replace(self, phase="falling", since=at, press=None, release=None)
            case "falling":
                return replace(self, phase="pressed", since=at, press=None, release=None)
        return self
