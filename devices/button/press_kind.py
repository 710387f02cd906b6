"""Tells single, double and long presses and a stuck button apart, by time alone."""

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["pressed", "double_pressed", "long_pressed", "stuck", "released"]


@dataclass(frozen=True, slots=True)
class PressClassifier:
    """What is known of one button's presses; each call gives a new one. All times are seconds of a monotonic clock.

    Every press is said once and at once, as "pressed" or, when it began within `double_s` of the one before,
    "double_pressed". What ends a pair begins no other. "long_pressed" and "stuck" are said in addition, once a hold.
    "released" is said only after "stuck". A limit of 0 switches its kind off.

    Attributes:
        double_s: Longest time from one press's beginning to the next's, in seconds.
        long_s: In seconds.
        stuck_s: In seconds.
        since: When the button began to be held; None: it is not held.
        first: When a press began that a second one may make a double.
        counts: Whether the hold is a press; a button held at the start is none, but can be stuck.
        said: Which of "long_pressed" and "stuck" were said of this hold.
        says: What became certain in this call.
    """

    double_s: float = 0.0
    long_s: float = 0.0
    stuck_s: float = 60.0
    since: float | None = None
    first: float | None = None
    counts: bool = True
    said: tuple[Kind, ...] = ()
    says: tuple[Kind, ...] = ()

    @property
    def deadline(self) -> float | None:
        """When to call `settle` if nothing happens until then; None: no need."""
        return min((at for at, _ in self._due()), default=None)

    def held_at_start(self, at: float) -> "PressClassifier":
        """The button is held already: no press, but it may be stuck."""
        return replace(self, since=at, counts=False, said=(), says=())

    def press(self, began: float) -> "PressClassifier":
        """The filter is certain of a press that began then."""
        double = (
            self.double_s > 0 and self.first is not None and began - self.first <= self.double_s
        )
        kind: Kind = "double_pressed" if double else "pressed"
        return replace(
            self, since=began, first=None if double else began, counts=True, said=(), says=(kind,)
        )

    def release(self, at: float) -> "PressClassifier":
        """The button is no longer held; what came due before is said first."""
        hold = self.settle(at)
        over: tuple[Kind, ...] = ("released",) if "stuck" in hold.said else ()
        return replace(hold, since=None, said=(), says=hold.says + over)

    def settle(self, at: float) -> "PressClassifier":
        """Time passed, up to `at`."""
        says = tuple(kind for due, kind in sorted(self._due()) if due <= at)
        return replace(self, said=self.said + says, says=says)

    def _due(self) -> list[tuple[float, Kind]]:
        if self.since is None:
            return []
        limits: list[tuple[float, Kind]] = [(self.stuck_s, "stuck")]
        if self.counts:
            limits.append((self.long_s, "long_pressed"))
        return [
            (self.since + limit, kind)
            for limit, kind in limits
            if limit > 0 and kind not in self.said
        ]
