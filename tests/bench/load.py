"""Cases under load: while a handler catches up, and with a long journal.

The hub first journals events that nobody hears, as if no handler had been there. `catch_up` is a
handler that does nothing, and takes in the whole journal at its first start.
"""

import time

from tests.bench import rounds
from tests.bench.cases import LIGHT, Plan
from tests.bench.house import costs
from tests.bench.outside.sightings import FIRST_LINE
from tests.bench.report.result import RATE, Result
from tests.bench.rounds import Rounds
from tests.bench.stage import Stage, stage

LOG_CATCHING_UP = "`light` while `log` catches up"
CATCHING_UP = "`light` during a catch-up"
LONG_JOURNAL = "`light` with a long journal"
MISSED = "events caught up"
JOURNALED = "events in the journal"
PATIENCE_S = 300.0


def catch_up(plan: Plan, case: str, name: str) -> Result:
    """Press while another handler catches up, as often as it takes for enough rounds.

    Args:
        plan: How much is done.
        case: In the report.
        name: The other handler; at its first start it takes in what the journal holds.
    """
    with stage(plan.checkout) as on:
        on.house.start("hub")
        _journal(on, plan.missed)
        on.start_outside()
        on.house.start("light")
        rounds.warm_up(on.house, on.sightings, LIGHT.seen)
        measured = Rounds(times={name: [] for name in LIGHT.seen})
        rates: list[float] = []
        while len(measured.echo) < plan.presses and len(rates) < plan.catch_ups:
            rates.append(_one_catch_up(on, name, measured, plan.missed))
        result = Result.of(case, measured)
        result.facts = {MISSED: plan.missed, RATE: sorted(rates)[len(rates) // 2]}
        return result


def _one_catch_up(on: Stage, name: str, measured: Rounds, missed: int) -> float:
    """Do rounds until the handler has all; returns its rate, without its start."""
    on.house.start(name, wait=False)
    taken: list[float] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(taken) < missed:
        assert time.monotonic() < deadline, f"caught up {len(taken)} of {missed}"
        rounds.one_round(measured, on)
        taken = on.sightings.times(FIRST_LINE + name)
    on.house.stop(name)
    on.house.forget(name)
    on.sightings.forget()
    return missed / (taken[missed - 1] - taken[0])


def long_journal(plan: Plan) -> Result:
    """Press when the hub's journal holds many events."""
    with stage(plan.checkout) as on:
        on.house.start("hub")
        rate = _journal(on, plan.journaled)
        on.start_outside()
        on.house.start("light")
        rounds.warm_up(on.house, on.sightings, LIGHT.seen)
        measured, _ = rounds.measure(on, LIGHT.seen, plan.presses)
        result = Result.of(LONG_JOURNAL, measured)
        result.facts = {JOURNALED: plan.journaled, "journaled, events a second": rate}
        return result


def _journal(on: Stage, count: int) -> float:
    """Let the hub journal so many presses; returns how many a second."""
    began = time.monotonic()
    on.house.press(count)
    quiet_at = costs.wait_until_quiet(on.house.pids, PATIENCE_S)
    return count / (quiet_at - began)
