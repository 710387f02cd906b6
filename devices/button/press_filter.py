"""Tells a press from contact bounce, and from interference that a long wire picks up."""

from dataclasses import dataclass, replace
from typing import Literal

Phase = Literal["resting", "rising", "pressed", "falling"]


@dataclass(frozen=True, slots=True)
class Debouncer:
    """The state of a button's line. Each call returns the next state.

    A press is the line held for `min_press_s` without a break; its time is the beginning of that
    stretch. It is over when the line has rested for `debounce_s` without a break, and until then
    there is no other press. A pulse shorter than `min_press_s` is interference. With
    `min_press_s = 0` the first edge is the press.

    Attributes:
        min_press_s: The shortest press, in seconds.
        debounce_s: The shortest rest between two presses, in seconds.
        phase: Where in a press the line is.
        since: When this phase began, in seconds of a monotonic clock.
        press: Set in the state in which a press became certain: when it began, by the same clock.
        release: Set in the state in which the end of a press became certain: when it ended.
    """

    min_press_s: float
    debounce_s: float
    phase: Phase = "resting"
    since: float = 0.0
    press: float | None = None
    release: float | None = None

    @property
    def deadline(self) -> float | None:
        """When to call `advance` if no edge comes before; None if that is not needed."""
        if self.phase == "rising":
            return self.since + self.min_press_s
        if self.phase == "falling":
            return self.since + self.debounce_s
        return None

    def edge(self, at: float, *, active: bool) -> "Debouncer":
        """The line changed, or was read, at this time.

        Args:
            at: Seconds of the monotonic clock.
            active: Whether the line is active (pressed) from then on.
        """
        state = self.advance(at)
        match state.phase, active:
            case "resting", True:
                # Without a minimum the edge itself is the press. A release that became certain
                # in this call is still part of the answer.
                rising = replace(state, phase="rising", since=at).advance(at)
                return replace(rising, release=state.release)
            case "rising", False:
                return replace(state, phase="resting", since=at)
            case "pressed", False:
                return replace(state, phase="falling", since=at)
            case "falling", True:
                return replace(state, phase="pressed", since=at)
        return state

    def advance(self, at: float) -> "Debouncer":
        """Time passed without an edge, until `at` (seconds of the monotonic clock)."""
        state = replace(self, press=None, release=None)
        if state.deadline is None or at < state.deadline:
            return state
        if state.phase == "rising":
            return replace(state, phase="pressed", press=state.since)
        return replace(state, phase="resting", since=state.deadline, release=state.since)

    def without_edge(self, at: float) -> "Debouncer":
        """The line is not as its last edge left it: an edge was lost. That alone is no press."""
        match self.phase:
            case "rising":
                return replace(self, phase="resting", since=at, press=None, release=None)
            case "pressed":
                return replace(self, phase="falling", since=at, press=None, release=None)
            case "falling":
                return replace(self, phase="pressed", since=at, press=None, release=None)
        return self
