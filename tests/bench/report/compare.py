"""Two states side by side."""

from collections.abc import Iterator

from tests.bench.report import tables
from tests.bench.report.goals import Results
from tests.bench.report.result import Result


def table(before: Results, after: Results) -> str:
    """What was measured in both. Times are multiples of the echo of their own run."""
    rows = []
    for case in before:
        if case not in after:
            continue
        then, now = dict(_figures(before[case])), dict(_figures(after[case]))
        rows += [
            [case, what, f"{then[what]:.2f}", f"{now[what]:.2f}"] for what in then if what in now
        ]
    return tables.table(["case", "what", "before", "after"], rows)


def _figures(result: Result) -> Iterator[tuple[str, float]]:
    yield "bare echo, ms", result.echo.median
    for what, times in result.times.items():
        yield f"{what}, times the echo", times.median / result.echo.median
        yield f"{what}, ms", times.median
    yield from result.a_press.items()
    yield from result.facts.items()
    for name, (private, _) in result.memory.items():
        yield f"private memory of {name}, MB", private
    if result.memory:
        yield "proportional memory of all, MB", sum(size[1] for size in result.memory.values())
