"""The tables of the report, in Markdown."""

from collections.abc import Iterable, Sequence

from tests.bench.cases import ON_DEBIAN
from tests.bench.house import bill
from tests.bench.report.goals import EFFECTS, GOALS, LATENCIES, Latency, Results
from tests.bench.report.result import FOR_P99, Times

NONE = "—"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column to the left, the others to the right; empty without rows."""
    rows = list(rows)
    if not rows:
        return ""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, f"|-|{'-:|' * (len(head) - 1)}")
    return "\n".join(lines)


def latency_goals(results: Results) -> str:
    """Multiples of the bare echo, each with its goal and with what bare reactions take."""
    goals = {(one.group, one.effect): one for one in LATENCIES}
    rows = []
    for group in dict.fromkeys(one.group for one in LATENCIES):
        found = [goals.get((group, effect)) for effect in EFFECTS]
        rows.append([group, *(_beside_goal(one, results) if one else "" for one in found)])
    return table(["times the bare echo (goal; bare)", *EFFECTS], rows)


def _beside_goal(goal: Latency, results: Results) -> str:
    floor = goal.floor(results)
    bare = "" if floor is None else f"; {_figure(floor)}"
    return f"{_figure(goal.ratio(results))} (≤ {goal.most:g}{bare})"


def other_goals(results: Results) -> str:
    """Each figure with its goal."""
    rows = []
    for goal in GOALS:
        value = goal.value(results)
        verdict = NONE if value is None else ("met" if goal.is_met(value) else "missed")
        rows.append([goal.what, _figure(value), goal.limit, verdict, _figure(goal.floor(results))])
    return table(["what", "measured", "goal", "", "bare"], rows)


def latencies(results: Results) -> str:
    """Every effect of every case with a broker for doorbells, with the slow disk beside it."""
    rows = [row for case in results if case != ON_DEBIAN.name for row in _rows(results, case)]
    head = ["", "median, ms", "p99, ms", "to the echo", "slow disk, ms", "slow to fast"]
    return table(head, rows)


def on_debian(results: Results) -> str:
    """The same with the broker as Debian delivers it, without what is not measured there."""
    rows = [row[:4] for row in _rows(results, ON_DEBIAN.name)]
    return table(["", "median, ms", "p99, ms", "to the echo"], rows)


def _rows(results: Results, case: str) -> list[list[str]]:
    one = results.get(case)
    if one is None:
        return []
    echo = _row(f"**{case}**: bare echo", one.echo, one.slow_echo, one.echo)
    effects = [_row(what, times, one.slow.get(what), one.echo) for what, times in one.times.items()]
    return [echo, *effects]


def _row(title: str, times: Times, slow: Times | None, echo: Times) -> list[str]:
    slow_cells = [f"{slow.median:.2f}", f"{slow.median / times.median:.2f}"] if slow else [NONE] * 2
    to_echo = f"{times.median / echo.median:.2f}"
    return [title, f"{times.median:.2f}", _p99(times), to_echo, *slow_cells]


def _p99(times: Times) -> str:
    return f"{times.p99:.2f}" if times.count >= FOR_P99 else NONE


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
        [one.case, what, _figure(value)]
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


def _figure(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.2f}"
