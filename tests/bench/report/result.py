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
        echo: The bare echo in the same rounds.
        times: By effect, from the press.
        slow_echo: The bare echo in the rounds with a slow disk; None where there are none.
        slow: The times in these.
        missing: Rounds that do not count, because an effect was not seen.
        a_press: What one press costs, by name with the unit.
        memory: Private and proportional MB of each process.
        facts: What else was measured, by name with the unit.
    """

    case: str
    echo: Times
    times: dict[str, Times]
    slow_echo: Times | None = None
    slow: dict[str, Times] = field(default_factory=dict)
    missing: int = 0
    a_press: dict[str, float] = field(default_factory=dict)
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, case: str, rounds: Rounds, slowed: Rounds | None = None) -> Self:
        """The figures of these rounds, and of those with a slow disk if there are any."""
        result = cls(case, Times.of(rounds.echo), _of_each(rounds), missing=rounds.missing)
        if slowed and slowed.echo:
            result.slow_echo = Times.of(slowed.echo)
            result.slow = _of_each(slowed)
            result.missing += slowed.missing
        return result

    @classmethod
    def from_json(cls, wire: dict[str, Any]) -> Self:
        """What `to_json` made."""
        read = {
            kind: {what: Times(**one) for what, one in wire[kind].items()}
            for kind in ("times", "slow")
        }
        echoes = {
            name: Times(**wire[name]) if wire[name] else None for name in ("echo", "slow_echo")
        }
        return cls(**{**wire, **read, **echoes})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _of_each(rounds: Rounds) -> dict[str, Times]:
    return {what: Times.of(seconds) for what, seconds in rounds.times.items()}
