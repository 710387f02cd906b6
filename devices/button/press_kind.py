"""Tells single, double and long presses and a stuck button apart, by time alone."""

from dataclasses import dataclass, replace
from typing import Literal

PressKind = Literal["pressed", "double_pressed", "long_pressed", "stuck", "released"]


@dataclass(frozen=True, slots=True)
class PressClassifier:
    """The presses of one button. Each call returns the next state. Times are monotonic seconds.

    Every press is reported once and at once, as "pressed" or, if it began within `double_s` of
    the one before, as "double_pressed". The second press of a pair begins no other pair.
    "long_pressed" and "stuck" come in addition, once in each hold. "released" comes only after
    "stuck". A limit of 0 switches its kind off.

    Attributes:
        double_s: The longest time between the beginnings of two presses of a pair, in seconds.
        long_s: How long a long press is held, in seconds.
        stuck_s: How long a stuck button is held, in seconds.
        since: When the button began to be held; None if it is not held.
        first: When the press began that may be the first of a pair.
        counts: Whether the hold is a press. A button held at the start is none, but can be stuck.
        reported: Whether "long_pressed" and "stuck" were reported in this hold.
        kinds: What became certain in the last call.
    """

    double_s: float = 0.0
    long_s: float = 0.0
    stuck_s: float = 60.0
    since: float | None = None
    first: float | None = None
    counts: bool = True
    reported: tuple[PressKind, ...] = ()
    kinds: tuple[PressKind, ...] = ()

    @property
    def deadline(self) -> float | None:
        """When to call `advance` if nothing happens before; None if that is not needed."""
        return min((at for at, _ in self._due()), default=None)

    def held_at_start(self, at: float) -> "PressClassifier":
        """The button was held already when we began to listen: no press, but it may be stuck."""
        return replace(self, since=at, counts=False, reported=(), kinds=())

    def press(self, began: float) -> "PressClassifier":
        """A press became certain, which began then."""
        is_double = False
        if self.double_s > 0 and self.first is not None:
            is_double = began - self.first <= self.double_s
        kind: PressKind = "double_pressed" if is_double else "pressed"
        first = None if is_double else began
        return replace(self, since=began, first=first, counts=True, reported=(), kinds=(kind,))

    def release(self, at: float) -> "PressClassifier":
        """The button is no longer held. What was due before is reported first."""
        state = self.advance(at)
        kinds = state.kinds
        if "stuck" in state.reported:
            kinds = (*kinds, "released")
        return replace(state, since=None, reported=(), kinds=kinds)

    def advance(self, at: float) -> "PressClassifier":
        """Time passed, until `at`."""
        kinds = tuple(kind for due, kind in sorted(self._due()) if due <= at)
        return replace(self, reported=self.reported + kinds, kinds=kinds)

    def _due(self) -> list[tuple[float, PressKind]]:
        """What this hold will be if it goes on, and when."""
        if self.since is None:
            return []
        limits: list[tuple[float, PressKind]] = [(self.stuck_s, "stuck")]
        if self.counts:
            limits.append((self.long_s, "long_pressed"))
        return [
            (self.since + limit, kind)
            for limit, kind in limits
            if limit > 0 and kind not in self.reported
        ]
