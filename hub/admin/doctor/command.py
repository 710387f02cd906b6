"""`doorbell doctor`: look at what is wired and set, and say how to mend it."""

import json
import sys
from collections import Counter
from contextlib import redirect_stdout
from typing import Annotated

import typer

from devices.machine.finding import Finding
from hub.admin.doctor.button_command import button
from hub.terminal.options import ConfigOption
from hub.terminal.words import count

MARKS = {"ok": "✓", "warning": "!", "problem": "✗", "skipped": "–"}  # noqa: RUF001 - a dash, because nobody looked
doctor = typer.Typer(help="Look at everything, and say how to mend it.")


@doctor.callback(invoke_without_command=True)
def everything(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    config: ConfigOption = None,
) -> None:
    """Look at everything that is set, wired and running, and say how to mend it. Nothing is changed."""
    if context.invoked_subcommand:
        return
    from hub.admin.doctor.checks import examine  # noqa: PLC0415 - what it needs, no other command waits for
    from hub.admin.doctor.context import open_context  # noqa: PLC0415

    told: list[tuple[str, Finding]] = []
    terminal = sys.stdout
    with redirect_stdout(sys.stderr):  # a handler's file may print as it is loaded
        for check, finding in examine(open_context(config)):
            if not as_json:
                head = (
                    ""
                    if told and told[-1][0] == check
                    else f"\n{check}\n"
                    if told
                    else f"{check}\n"
                )
                print(f"{head}{_lines(finding)}", file=terminal, flush=True)
            told.append((check, finding))
    if as_json:
        print(
            json.dumps(
                {"findings": [{"check": check, **finding._asdict()} for check, finding in told]}
            )
        )
    else:
        _sum_up(Counter(finding.state for _, finding in told))
    sys.exit(any(finding.state == "problem" for _, finding in told))


def _lines(finding: Finding) -> str:
    mend = f"\n    → {finding.mend}" if finding.mend else ""
    return f"  {MARKS[finding.state]} {finding.found}{mend}"


def _sum_up(counts: Counter[str]) -> None:
    words = [count(counts[state], state) for state in ("problem", "warning") if counts[state]]
    print(
        f"\n{MARKS['problem' if counts['problem'] else 'ok']} {', '.join(words) or 'nothing to mend'}"
    )


doctor.command()(button)
