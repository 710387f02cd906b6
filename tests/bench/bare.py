"""The floor with the promise: a bare bell and a bare reaction in place of the house."""

import os
import time

from tests.bench import rounds
from tests.bench.cases import Plan
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
        told = str(on.ports[0]), str(on.house.sightings.parent)
        with (
            program(bare.__name__, "react", *told),
            program(bare.__name__, "ring", *told) as bell,
        ):

            def press() -> float:
                at = time.monotonic()
                os.write(bell.stdin.fileno(), b"front\n")
                return at

            on.press = press
            rounds.measure(on, SEEN, rounds.WARM_UP)
            measured, _ = rounds.measure(on, SEEN, plan.long)
    return Result.of(CASE, measured)
