"""The floor with the promise: a bare bell and a bare reaction in place of the house."""

import os
import time

from tests.bench import rounds
from tests.bench.cases import Plan
from tests.bench.house import costs, memory
from tests.bench.house.bill import CPU
from tests.bench.outside import bare
from tests.bench.outside.programs import program
from tests.bench.outside.sightings import FIRST_LINE, HEARD, LAMP
from tests.bench.report.result import Result
from tests.bench.stage import stage

CASE = "a bare bell and a bare reaction"
FIRST = FIRST_LINE + bare.NAME
SEEN = (HEARD, FIRST, LAMP)


def measure(plan: Plan) -> Result:
    """Do the rounds of `light` with them."""
    with stage(plan.checkout) as on:
        on.start_outside()
        settings = bare.Settings(port=on.ports[0], folder=on.house.sightings.parent)
        told = settings.model_dump_json()
        with (
            program(bare.__name__, "react", told) as reaction,
            program(bare.__name__, "ring", told) as bell,
        ):

            def press() -> float:
                at = time.monotonic()
                os.write(bell.stdin.fileno(), b"front\n")
                return at

            on.press = press
            rounds.measure(on, SEEN, rounds.WARM_UP)
            pids = {"bare bell": bell.pid, bare.NAME: reaction.pid}
            before = costs.of_each(pids)
            measured, _ = rounds.measure(on, SEEN, plan.long)
            spent = [now.since(before[name]) for name, now in costs.of_each(pids).items()]
            result = Result.of(CASE, measured)
            result.a_press = {CPU: costs.add(spent).cpu_s * 1000 / plan.long}
            result.memory = {name: memory.of(pid) for name, pid in pids.items()}
    return result
