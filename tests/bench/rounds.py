"""Rounds: a bare echo, a pause, a press, and a pause in which its effects are seen.

The pauses make caches go cold, as they do in life. The benchmark itself sleeps during a reaction.
"""

import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from tests.bench.house.house import House
from tests.bench.outside.sightings import Sightings
from tests.bench.stage import Stage

SLOWER_MS = 20
WARM_UP = 10
START_S = 60.0  # the first press may come before all are connected
PATIENCE_S = 10.0
AFTER_ECHO_S = (0.03, 0.05)
AFTER_PRESS_S = (0.12, 0.16)


@dataclass
class Rounds:
    """Seconds, an entry a round.

    Attributes:
        echo: Of the bare echo in each round.
        times: From the press to each effect, by the effect's name.
        missing: Rounds that do not count, because an effect was not seen within ten seconds.
    """

    echo: list[float] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)
    missing: int = 0


def pause(between_s: tuple[float, float]) -> None:
    """For a random time within these bounds."""
    time.sleep(random.uniform(*between_s))


def measure(
    on: Stage, names: Collection[str], count: int, *, slow: int = 0, rest_s: float = 0
) -> tuple[Rounds, Rounds]:
    """Do so many rounds, and evenly among them others with a slow disk.

    So both disks are measured in the same processes and meet the same noise.

    Args:
        on: The house whose button is pressed, and what sees the effects.
        names: The effects that each press has.
        count: How many rounds.
        slow: How many of the others.
        rest_s: Of each round, before the next one.

    Returns:
        The rounds with the disk as it is, and those with a slow one.
    """
    as_it_is, slowed = (Rounds(times={name: [] for name in names}) for _ in range(2))
    while (done := len(as_it_is.echo)) < count or len(slowed.echo) < slow:
        is_slow = len(slowed.echo) * count < done * slow
        rounds = slowed if is_slow else as_it_is
        on.disk.make_slower(SLOWER_MS if is_slow else 0)
        one_round(rounds, on)
        assert rounds.missing < 3, f"after {done} rounds effects are missing"
        time.sleep(rest_s)
    on.disk.make_slower(0)
    return as_it_is, slowed


def warm_up(
    house: House, sightings: Sightings, names: Collection[str], *, rest_s: float = 0
) -> None:
    """Press until all effects are seen, and some times more."""
    deadline = time.monotonic() + START_S
    while True:
        house.press()
        missing = set(names) - sightings.wait(names, 3).keys()
        if not missing:
            break
        logs = "\n".join(f"{name}: {house.log(name)}" for name in house.pids)
        assert time.monotonic() < deadline, f"not seen: {', '.join(sorted(missing))}\n{logs}"
    for _ in range(WARM_UP):
        pause(AFTER_PRESS_S)
        house.press()
        time.sleep(rest_s)
    time.sleep(1)


def one_round(rounds: Rounds, on: Stage) -> None:
    """Add a round."""
    seconds = on.echo()
    pause(AFTER_ECHO_S)
    on.sightings.begin()
    at = on.press()
    pause(AFTER_PRESS_S)
    seen = on.sightings.wait(rounds.times, PATIENCE_S)
    if not seen.keys() >= rounds.times.keys():
        rounds.missing += 1
        return
    rounds.echo.append(seconds)
    for name, times in rounds.times.items():
        times.append(seen[name] - at)
