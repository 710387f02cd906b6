"""The floor with the promise: a bare bell and bare reactions in place of the house."""

import os
import subprocess
import time
from contextlib import ExitStack
from functools import partial

from tests.bench import rounds
from tests.bench.cases import Case, Plan
from tests.bench.house import costs, memory
from tests.bench.house.bill import CPU
from tests.bench.outside import bare
from tests.bench.outside.programs import program
from tests.bench.outside.sightings import FIRST_LINE, LAMP, PHONE
from tests.bench.report.result import Result
from tests.bench.stage import stage

BELL = "bare bell"
EFFECTS = {"light": LAMP, "notify": PHONE}


def name_of(handler: str) -> str:
    """The bare reaction in place of a handler."""
    return f"bare {handler}"


def case_of(case: str) -> str:
    """The case with bare reactions in place of this one."""
    return f"{case}, bare"


def effect_of(effect: str) -> str:
    """What is seen of it in place of an effect of the house."""
    is_first = effect.startswith(FIRST_LINE)
    return FIRST_LINE + name_of(effect.removeprefix(FIRST_LINE)) if is_first else effect


def measure(plan: Plan, case: Case) -> Result:
    """Do the rounds of a case with a bare bell and bare reactions in place of its handlers."""
    seen = [effect_of(effect) for effect in case.seen]
    with stage(plan.checkout) as on, ExitStack() as stack:
        on.start_outside()
        broker, phone = on.ports
        folder = on.house.sightings.parent
        told = bare.Settings(broker=broker, phone=phone, folder=folder, name=BELL)

        def start(what: str, told: bare.Settings) -> subprocess.Popen[bytes]:
            command = (bare.__name__, what, told.model_dump_json())
            return stack.enter_context(program(*command, **plan.checkout.environment))

        bell = start("ring", told)
        pids = {BELL: bell.pid}
        for handler in case.handlers:
            its = {"name": name_of(handler), "effect": EFFECTS.get(handler, "")}
            pids[its["name"]] = start("react", told.model_copy(update=its)).pid
        on.press = partial(_press, bell)

        rounds.measure(on, seen, rounds.WARM_UP)
        before = costs.of_each(pids)
        measured, _ = rounds.measure(on, seen, plan.long)
        spent = [now.since(before[name]) for name, now in costs.of_each(pids).items()]
        result = Result.of(case_of(case.name), measured)
        result.a_press = {CPU: costs.add(spent).cpu_s * 1000 / plan.long}
        result.memory = {name: memory.of(pid) for name, pid in pids.items()}
    return result


def _press(bell: subprocess.Popen[bytes]) -> float:
    assert bell.stdin
    at = time.monotonic()
    os.write(bell.stdin.fileno(), b"front\n")
    return at
