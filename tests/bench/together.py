"""All processes under `doorbell run`, which share memory: what each has of its own."""

import time

from tests.bench import rounds
from tests.bench.cases import RECORD, SETTLE_S, Plan
from tests.bench.house import memory
from tests.bench.house.run_house import RunHouse
from tests.bench.report.result import READY, Result
from tests.bench.stage import NODELAY, stage

CASE = f"{RECORD.name} under `doorbell run`"


def measure(plan: Plan) -> Result:
    """Press Enter, and see what each process has for itself afterwards."""
    with stage(plan.checkout, NODELAY, RunHouse) as on:
        on.start_outside()
        began = time.monotonic()
        on.house.start("hub", *RECORD.handlers)
        ready_s = time.monotonic() - began
        rounds.warm_up(on.house, on.sightings, RECORD.seen)
        measured, _ = rounds.measure(on, RECORD.seen, plan.presses)
        time.sleep(SETTLE_S)
        result = Result.of(CASE, measured)
        result.facts[READY] = ready_s
        result.memory = {name: memory.of_one(pid) for name, pid in on.house.pids.items()}
    return result
