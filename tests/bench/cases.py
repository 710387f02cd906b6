"""The cases that are measured: which handlers run, and what is seen of a press."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.bench import rounds
from tests.bench.house import memory
from tests.bench.house.bill import Bill
from tests.bench.house.checkout import Checkout
from tests.bench.outside.sightings import FIRST_LINE, HEARD, LAMP, PHONE, PHOTO
from tests.bench.report.result import IDLE, READY, Result
from tests.bench.rounds import Rounds
from tests.bench.stage import NODELAY, stage

SETTLE_S = 2.0
SIXTEEN = tuple(f"plain_{number:02}" for number in range(1, 17))


@dataclass(frozen=True)
class Case:
    """Handlers in the order in which they are started, and the effects that are seen.

    Attributes:
        name: In the report.
        handlers: Those that come with the checkout; others do nothing.
        effects: Beside the event itself and the first lines.
    """

    name: str
    handlers: tuple[str, ...]
    effects: tuple[str, ...] = ()

    @property
    def seen(self) -> tuple[str, ...]:
        """All names that are seen of a press."""
        return (HEARD, *(FIRST_LINE + name for name in self.handlers), *self.effects)


LIGHT = Case("`light` alone", ("light",), (LAMP,))
BARK = Case("`bark` alone", ("bark",))
NOTIFY = Case("`notify` alone", ("notify",), (PHONE,))
FIVE = Case("five reactions", ("light", "bark", "notify", "visit", "log"), (LAMP, PHONE))
ON_DEBIAN = replace(FIVE, name="five reactions, mosquitto with Debian's settings")
RECORD = Case(
    "five with `record`", ("light", "bark", "notify", "record", "log"), (LAMP, PHONE, PHOTO)
)
MANY = Case("16 handlers", SIXTEEN)
SKIP = Case("a handler that skips repeats", ("skips",))  # it waits for the sync of its claim
FIRST_OF_MANY = FIRST_LINE + "the first of them"
LAST_OF_MANY = FIRST_LINE + "the last of them"


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        checkout: The code that is measured.
        presses: In cases where only medians are stated.
        long: In cases where p99 is stated, too.
        idle_s: For how long the idle house is watched: whole minutes, as each consumer asks once
            in a minute whether it has missed anything.
        missed: How many events a handler catches up.
        catch_ups: How often at most, until there are enough presses.
        journaled: How many events the hub's journal holds in the case that is about it.
    """

    checkout: Checkout
    presses: int = 100
    long: int = 300
    idle_s: float = 120
    missed: int = 10_000
    catch_ups: int = 6
    journaled: int = 50_000


def react_many(plan: Plan) -> Result:
    """Measure 16 handlers: when the first and the last of them begin."""
    return react(plan, MANY, plan.presses, merge=_merge_first_lines)


def _merge_first_lines(measured: Rounds) -> None:
    each = [measured.times.pop(FIRST_LINE + name) for name in SIXTEEN]
    measured.times[FIRST_OF_MANY] = [min(times) for times in zip(*each, strict=True)]
    measured.times[LAST_OF_MANY] = [max(times) for times in zip(*each, strict=True)]


def react(
    plan: Plan,
    case: Case,
    presses: int,
    *,
    slow: int = 0,
    settings: str = NODELAY,
    with_costs: bool = False,
    merge: Callable[[Rounds], None] = lambda _: None,
) -> Result:
    """Measure a case.

    Args:
        plan: What is measured, and for how long it is watched while idle.
        case: The handlers and effects.
        presses: How many count.
        slow: How many others have a slow disk.
        settings: Of mosquitto.
        with_costs: Also state what a press costs, of those with a slow disk too, and memory.
        merge: Makes fewer rows of the rounds.
    """
    with stage(plan.checkout, settings) as on:
        on.start_outside()
        began = time.monotonic()
        on.house.start("hub", *case.handlers)
        ready_s = time.monotonic() - began
        rounds.warm_up(on.house, on.sightings, case.seen)
        bill = Bill(on.house, on.disk)
        measured, slowed = rounds.measure(on, case.seen, presses, slow=slow)
        time.sleep(SETTLE_S)
        bill.close(presses + slow + measured.missing + slowed.missing)
        merge(measured)
        result = Result.of(case.name, measured, slowed)
        result.facts[READY] = ready_s
        if with_costs:
            bill.add_idle(plan.idle_s)
            result.a_press = bill.a_press()
            result.facts[IDLE] = bill.idle_percent
            result.memory = {name: memory.of(pid) for name, pid in on.house.pids.items()}
    return result
