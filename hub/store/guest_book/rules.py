"""Which presses are one visit, and when nobody waits any more."""

from dataclasses import dataclass

GRACE_S = 10.0  # so much later than the handler `visit` says it, a visit is missed anyway


@dataclass(frozen=True, slots=True)
class VisitRules:
    """The settings of the handler `visit`; its defaults where it is not installed.

    Attributes:
        gap_s: After an answer, a press within so many seconds belongs to the answered visit.
        missed_after_s: A visit is missed so many seconds after its last press.
    """

    gap_s: float
    missed_after_s: float
