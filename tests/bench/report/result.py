"""What was measured, in a form that is written as JSON and read again to compare two states."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from tests.bench.rounds import Rounds

RATE = "events a second"
READY = "from start to ready, s"
IDLE = "idle, % of a core"
FOR_P99 = 300  # with fewer rounds a p99 is next to the worst one, and not stated


@dataclass
class Times:
    """Of one effect in one case, in milliseconds."""

    count: int
    median: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self:
        """The figures of these times."""
        ordered = sorted(one * 1000 for one in seconds)
        p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        return cls(len(ordered), statistics.median(ordered), p99)


@dataclass
class Result:
    """One case.

    Attributes:
        case: Its name.
        is_slow: Whether each sync of our processes was slower.
        echo: The bare echo in the same rounds.
        times: By effect, from the press.
        missing: Rounds that do not count, because an effect was not seen.
        a_press: What one press costs, by name with the unit.
        memory: Private and proportional MB of each process.
        facts: What else was measured, by name with the unit.
    """

    case: str
    is_slow: bool
    echo: Times
    times: dict[str, Times]
    missing: int = 0
    a_press: dict[str, float] = field(default_factory=dict)
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, case: str, rounds: Rounds, *, is_slow: bool = False) -> Self:
        """The figures of these rounds."""
        times = {what: Times.of(seconds) for what, seconds in rounds.times.items()}
        return cls(case, is_slow, Times.of(rounds.echo), times, rounds.missing)

    @classmethod
    def from_json(cls, wire: dict[str, Any]) -> Self:
        """What `to_json` made."""
        times = {what: Times(**one) for what, one in wire["times"].items()}
        return cls(**{**wire, "echo": Times(**wire["echo"]), "times": times})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
