"""`doorbell doctor`: checks everything, and says how to mend it."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from devices.machine import Finding
from hub.admin.doctor.button_command import button
from hub.terminal.options import ConfigOption
from hub.terminal.output import say, say_json
from hub.terminal.words import count

if TYPE_CHECKING:
    from hub.admin.check.handler_files import Inspection
    from hub.admin.doctor.checks import Named
    from hub.admin.doctor.context import Context

MARKS = {"ok": "✓", "warning": "!", "problem": "✗", "skipped": "–"}  # noqa: RUF001 - a dash
doctor = typer.Typer(help="Check everything, and say how to mend it.")


@doctor.callback(invoke_without_command=True)
def everything(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, for programs.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Check everything that is set, wired and running; nothing is changed."""
    if context.invoked_subcommand:
        return
    # Imported here, because other commands should not wait for what the checks need.
    from hub.admin.check.apart import inspected  # noqa: PLC0415
    from hub.admin.doctor.context import open_context  # noqa: PLC0415

    house = open_context(config)
    output = None if as_json else sys.stdout
    with redirect_stdout(sys.stderr):  # a handler's file may print while it is loaded
        if house.given is None:
            findings = _examine(house, output)
        else:
            findings = inspected(house.given, lambda files: _examine(house, output, files))
    if as_json:
        facts = [{"check": check, **finding._asdict()} for check, finding in findings]
        say_json({"findings": facts})
    else:
        _sum_up(Counter(finding.state for _, finding in findings))
    sys.exit(any(finding.state == "problem" for _, finding in findings))


def _examine(
    house: "Context", output: TextIO | None, files: "Inspection | None" = None
) -> "list[Named]":
    """The findings of all checks; each is shown as soon as it is known, where there is an output.

    The first check loads the handler files, and nothing is shown before they are loaded.
    """
    from hub.admin.doctor.checks import examine  # noqa: PLC0415

    if files is not None:
        house.files = files
    findings: list[Named] = []
    for check, finding in examine(house):
        if output is not None:
            previous = findings[-1][0] if findings else None
            say(*_heading(check, previous), *_lines(finding), file=output)
        findings.append((check, finding))
    return findings


def _heading(check: str, previous: str | None) -> Iterator[str]:
    """The check's name above its first finding, with an empty line before it."""
    if check != previous:
        if previous is not None:
            yield ""
        yield check


def _lines(finding: Finding) -> Iterator[str]:
    yield f"  {MARKS[finding.state]} {finding.found}"
    if finding.mend:
        yield f"    → {finding.mend}"


def _sum_up(counts: Counter[str]) -> None:
    words = [count(counts[state], state) for state in ("problem", "warning") if counts[state]]
    worst = next((state for state in ("problem", "warning") if counts[state]), "ok")
    mark = MARKS[worst]
    say("", f"{mark} {', '.join(words) or 'nothing to mend'}")


doctor.command()(button)
