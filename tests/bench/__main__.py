"""Measures a whole house from outside, on a real mosquitto, beside two bare clients.

python -m tests.bench                     everything, about a quarter of an hour
python -m tests.bench --short             light alone and five reactions: about a minute
python -m tests.bench --only five light --presses 50
python -m tests.bench --short --of DIR    the code of another checkout, which has a .venv
python -m tests.bench --short --json after.json
python -m tests.bench --compare before.json after.json
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.bench import bare, load, page, rival, together
from tests.bench.cases import (
    BARK,
    FIVE,
    LIGHT,
    NOTIFY,
    ON_DEBIAN,
    RECORD,
    SKIP,
    Plan,
    react,
    react_many,
)
from tests.bench.house.checkout import Checkout
from tests.bench.report import compare, document
from tests.bench.report.result import Result
from tests.bench.stage import DEBIAN
from tests.house import ROOT
from tests.servers.home_assistant import installed


def steps(plan: Plan) -> dict[str, Callable[[], Result]]:
    """What is measured, by name, in order."""
    few, many, slow = plan.presses, plan.long, plan.presses
    found = {
        "light": partial(react, plan, LIGHT, many, slow=slow),
        "bark": partial(react, plan, BARK, few),
        "notify": partial(react, plan, NOTIFY, many, slow=slow),
        "five": partial(react, plan, FIVE, many, slow=slow, with_costs=True),
        "record": partial(react, plan, RECORD, few, with_costs=True),
        "run": partial(together.measure, plan),
        "catch-up": partial(load.catch_up, plan, load.CATCHING_UP, "catch_up"),
        "log-catch-up": partial(load.catch_up, plan, load.LOG_CATCHING_UP, "log"),
        "journal": partial(load.long_journal, plan),
        "many": partial(react_many, plan),
        "skip": partial(react, plan, SKIP, few, slow=slow),
        "bare-light": partial(bare.measure, plan, LIGHT),
        "bare-notify": partial(bare.measure, plan, NOTIFY),
        "bare-five": partial(bare.measure, plan, FIVE),
        "home-assistant": partial(rival.measure, plan, installed()),
        "home-assistant-ring": partial(rival.ring, plan, installed()),
        "page": partial(page.measure, plan, is_crowded=False),
        "crowded-page": partial(page.measure, plan, is_crowded=True),
        "debian": partial(react, plan, ON_DEBIAN, few, settings=DEBIAN),
    }
    if installed() is None:
        del found["home-assistant"], found["home-assistant-ring"]
    return found


SHORT = ("light", "five")


def main() -> None:
    """The command."""
    arguments = _arguments()
    if arguments.compare:
        print(compare.table(*map(document.load, arguments.compare)))
        return
    plan = Plan(Checkout(arguments.of.resolve()))
    if arguments.short:
        plan = replace(plan, presses=40, long=40, idle_s=5)
    if arguments.presses:
        plan = replace(plan, presses=arguments.presses, long=arguments.presses)
    wanted = arguments.only or (SHORT if arguments.short else list(steps(plan)))
    if unknown := ", ".join(set(wanted) - set(steps(plan))):
        raise SystemExit(
            f"not a case, or not installed: {unknown}. Cases: {', '.join(steps(plan))}"
        )
    head = document.conditions(plan, is_short=arguments.short)
    results = []
    for name, step in steps(plan).items():
        if name in wanted:
            print(f"measuring: {name}", flush=True)
            results.append(step())
            if arguments.json:  # now: a case that fails must not cost what the others took
                document.save(arguments.json, head, results)
    head["load_after"] = f"{os.getloadavg()[0]:.1f}"
    head["rival"] = document.MISSING if installed() is None else ""
    text = document.write(head, results)
    print(text)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    if arguments.json:
        document.save(arguments.json, head, results)


def _arguments() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=form
    )
    parser.add_argument("--short", action="store_true", help="some cases with 40 presses each")
    parser.add_argument("--only", nargs="+", metavar="CASE", help="only these cases")
    parser.add_argument("--presses", type=int, help="in each case")
    parser.add_argument("--of", type=Path, default=ROOT, help="the checkout that is measured")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the report goes there, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures go there, too")
    parser.add_argument(
        "--compare", type=Path, nargs=2, metavar="FILE", help="compare two JSON files, and end"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
