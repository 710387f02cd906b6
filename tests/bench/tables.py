"""The tables of the report, in Markdown."""

from collections.abc import Iterable, Sequence

from tests.bench import bill
from tests.bench.goals import ALONE, GOALS, LATENCIES, TOGETHER, Results
from tests.bench.result import FOR_P99, Result, Times

NONE = "—"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, f"|-|{'-:|' * (len(head) - 1)}")
    return "\n".join(lines)


def latency_goals(results: Results) -> str:
    """Multiples of the bare echo, each with its goal."""
    rows = []
    for group in (ALONE, TOGETHER):
        cells = [
            f"{_figure(one.ratio(results))} (≤ {one.most:g})"
            for one in LATENCIES
            if one.group == group
        ]
        rows.append([group, *cells])
    head = ["times the bare echo (goal)", *[one.effect for one in LATENCIES if one.group == ALONE]]
    return table(head, rows)


def other_goals(results: Results) -> str:
    """Each figure with its goal."""
    rows = []
    for goal in GOALS:
        value = goal.value(results)
        verdict = NONE if value is None else ("met" if goal.is_met(value) else "missed")
        rows.append([goal.what, _figure(value), goal.limit, verdict])
    return table(["what", "measured", "goal", ""], rows)


def latencies(results: Results) -> str:
    """Every effect of every case, with the slow disk beside it."""
    rows = []
    for (case, is_slow), result in results.items():
        if is_slow and (case, False) in results:
            continue
        slow = results.get((case, True))
        rows.append(_row(f"**{case}**: bare echo", result.echo, result, slow and slow.echo))
        for what, times in result.times.items():
            rows.append(_row(what, times, result, slow and slow.times[what]))
    head = ["", "median, ms", "p99, ms", "to the echo", "slow disk, ms", "slow to fast"]
    return table(head, rows)


def _row(what: str, times: Times, result: Result, slow: Times | None) -> list[str]:
    p99 = f"{times.p99:.2f}" if times.count >= FOR_P99 else NONE
    ratio = times.median / result.echo.median
    row = [what, f"{times.median:.2f}", p99, f"{ratio:.2f}"]
    if slow is None:
        return [*row, NONE, NONE]
    return [*row, f"{slow.median:.2f}", f"{slow.median / times.median:.2f}"]


def costs(results: Results) -> str:
    """What a press costs, a column a case."""
    found = [one for one in results.values() if one.a_press]
    names = list(dict.fromkeys(name for one in found for name in one.a_press))
    rows = [[name, *[_figure(one.a_press.get(name)) for one in found]] for name in names]
    rows.sort(key=lambda row: row[0].startswith(f"{bill.CPU}:"))
    return table(["a press", *[one.case for one in found]], rows)


def facts(results: Results) -> str:
    """Everything else."""
    rows = [
        [title(one), what, _figure(value)]
        for one in results.values()
        for what, value in one.facts.items()
    ]
    return table(["case", "what", ""], rows)


def memory(results: Results) -> str:
    """A row for each process and one for all, for each case."""
    rows = []
    for one in results.values():
        if not one.memory:
            continue
        sizes = list(one.memory.values())
        rows += [[name, *map(_figure, size)] for name, size in one.memory.items()]
        total = map(_figure, (sum(size[0] for size in sizes), sum(size[1] for size in sizes)))
        if len(sizes) > 1:
            rows.append([f"**all of: {one.case}**", *total])
    return table(["process", "private, MB", "proportional, MB"], rows)


def title(result: Result) -> str:
    return f"{result.case}, slow disk" if result.is_slow else result.case


def _figure(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.2f}"
