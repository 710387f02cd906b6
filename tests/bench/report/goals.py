"""The goals, and what was measured beside them."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tests.bench import bare, rival, together
from tests.bench.cases import BARK, FIRST_OF_MANY, FIVE, LIGHT, MANY, NOTIFY, RECORD
from tests.bench.house import bill
from tests.bench.house.run_house import RUN, SERVER
from tests.bench.load import CATCHING_UP, LONG_JOURNAL
from tests.bench.outside.sightings import FIRST_LINE, HEARD, LAMP, PHONE
from tests.bench.report.result import FOR_P99, IDLE, RATE, Result

P99_TO_MEDIAN = 3.0
SLOW_TO_FAST = 1.1
SPECIAL = ("notify", "record", SERVER)  # they have goals for their memory of their own, or none
Results = Mapping[str, Result]  # by case
Value = Callable[[Results], float | None]


class Latency(NamedTuple):
    """At most so many times the bare echo, by the median.

    Attributes:
        group: The row of the table.
        effect: Its column.
        most: The goal.
        measured: Cases and effects, of which the worst one counts.
    """

    group: str
    effect: str
    most: float
    measured: tuple[tuple[str, str], ...]

    def ratio(self, results: Results) -> float | None:
        """The worst one that was measured, as a multiple of the echo in the same rounds."""
        found = [_ratio(results[case], what) for case, what in self.measured if case in results]
        return max(found, default=None)

    def floor(self, results: Results) -> float | None:
        """The same with a bare bell and bare reactions."""
        bare_ones = ((bare.case_of(case), bare.effect_of(what)) for case, what in self.measured)
        return self._replace(measured=tuple(bare_ones)).ratio(results)


def _ratio(result: Result, effect: str) -> float:
    return result.times[effect].median / result.echo.median


def _first_lines(case: str, *handlers: str) -> tuple[tuple[str, str], ...]:
    return tuple((case, FIRST_LINE + name) for name in handlers)


def _like_light_alone(group: str, case: str) -> tuple[Latency, ...]:
    limits = {HEARD: 1.0, FIRST_LINE + "light": 1.2, LAMP: 2.0}
    columns = {FIRST_LINE + "light": FIRST}
    return tuple(
        Latency(group, columns.get(effect, effect), most, ((case, effect),))
        for effect, most in limits.items()
    )


FIRST = "first line"
EFFECTS = (HEARD, FIRST, LAMP, PHONE)
ALONE, TOGETHER = "one reaction alone", "five reactions on 2 cores"
FIRST_LINES_ALONE = _first_lines(LIGHT.name, "light") + _first_lines(BARK.name, "bark")
LATENCIES = (
    Latency(ALONE, HEARD, 1.0, ((LIGHT.name, HEARD),)),
    Latency(ALONE, FIRST, 1.2, FIRST_LINES_ALONE),
    Latency(ALONE, LAMP, 2.0, ((LIGHT.name, LAMP),)),
    Latency(ALONE, PHONE, 3.0, ((NOTIFY.name, PHONE),)),
    Latency(TOGETHER, HEARD, 1.5, ((FIVE.name, HEARD),)),
    Latency(TOGETHER, FIRST, 1.5, _first_lines(FIVE.name, "light", "bark")),
    Latency(TOGETHER, LAMP, 3.0, ((FIVE.name, LAMP),)),
    Latency(TOGETHER, PHONE, 5.0, ((FIVE.name, PHONE),)),
    Latency("16 handlers", HEARD, 1.5, ((MANY.name, HEARD),)),
    Latency("16 handlers", FIRST, 1.5, ((MANY.name, FIRST_OF_MANY),)),
    *_like_light_alone("`light`, long journal", LONG_JOURNAL),
    *_like_light_alone("`light`, during a catch-up", CATCHING_UP),
)


def _unknown(_: Results) -> float | None:
    return None


class Goal(NamedTuple):
    """A figure and its limit.

    Attributes:
        what: With its unit.
        limit: As it is printed.
        value: The figure, or None where it was not measured.
        is_met: Whether this figure keeps the limit.
        floor: The figure of a bare bell and bare reactions.
    """

    what: str
    limit: str
    value: Value
    is_met: Callable[[float], bool]
    floor: Value = _unknown


def _most(what: str, limit: float, value: Value, floor: Value = _unknown) -> Goal:
    return Goal(what, f"≤ {limit:g}", value, lambda one: round(one, 2) <= limit, floor)


def _least(what: str, limit: float, value: Value) -> Goal:
    return Goal(what, f"≥ {limit:g}", value, lambda one: one >= limit)


def _worst(values: Iterable[float]) -> float | None:
    return max(values, default=None)


def _p99_to_median(results: Results) -> float | None:
    cases = [one for one in results.values() if one.case in GOAL_CASES]
    times = [time for one in cases for time in one.times.values() if time.count >= FOR_P99]
    return _worst(time.p99 / time.median for time in times)


def _slow_to_fast(results: Results) -> float | None:
    return _worst(
        one.slow[what].median / one.times[what].median
        for one in results.values()
        for what in _limited(one.case)
        if one.slow
    )


def _limited(case: str) -> list[str]:
    """The effects of a case that have a goal."""
    return [what for goal in LATENCIES for one, what in goal.measured if one == case]


def _cost(case: str, what: str) -> Value:
    def value(results: Results) -> float | None:
        found = results.get(case)
        return found.a_press.get(what) if found else None

    return value


def _fact(what: str) -> Value:
    def value(results: Results) -> float | None:
        found = [one.facts[what] for one in results.values() if what in one.facts]
        return min(found, default=None)

    return value


def _idle(results: Results) -> float | None:
    found = results.get(FIVE.name)
    return found.facts.get(IDLE) if found else None


def _memory(results: Results, cases: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    found = [results[case] for case in cases if case in results]
    sizes = {name: size for one in found for name, size in one.memory.items()}
    sizes.pop(RUN, None)  # a person's program, as `doorbell press` is
    return sizes


def _private(cases: tuple[str, ...], *names: str) -> Value:
    """The largest of these, or of all but those with goals of their own."""

    def value(results: Results) -> float | None:
        sizes = _memory(results, cases)
        wanted = names or [name for name in sizes if name not in SPECIAL]
        return _worst(sizes[name][0] for name in wanted if name in sizes)

    return value


def _proportional(case: str) -> Value:
    def value(results: Results) -> float | None:
        sizes = _memory(results, (case,))
        return sum(size[1] for size in sizes.values()) if sizes else None

    return value


def _against_rival(case: str) -> Value:
    """The lamp's multiple of the echo, divided by Home Assistant's."""

    def value(results: Results) -> float | None:
        if rival.CASE not in results or case not in results:
            return None
        return _ratio(results[case], LAMP) / _ratio(results[rival.CASE], rival.ANSWER)

    return value


def _memory_goals(
    how: str, cases: tuple[str, ...], case: str, all_of: str, floor: str = ""
) -> tuple[Goal, ...]:
    plain = f"private memory {how}: hub and plain handlers, the largest, MB"
    bare_notify = bare.name_of("notify")
    bare_plain = [bare.BELL, *(bare.name_of(name) for name in FIVE.handlers if name != "notify")]
    least_plain, least_notify = _private((floor,), *bare_plain), _private((floor,), bare_notify)
    return (
        _most(plain, 20, _private(cases), least_plain),
        _most(f"private memory {how}: `notify`, MB", 32, _private(cases, "notify"), least_notify),
        _most(f"private memory {how}: `record`, MB", 50, _private(cases, "record")),
        _most(
            f"proportional memory {how}: {all_of}, MB",
            170,
            _proportional(case),
            _proportional(floor),
        ),
    )


APART = (FIVE.name, RECORD.name)
BARE_LIGHT, BARE_FIVE = bare.case_of(LIGHT.name), bare.case_of(FIVE.name)
GOAL_CASES = (LIGHT.name, NOTIFY.name, FIVE.name)
GOALS = (
    _most(
        "lamp asked by `light` alone, against Home Assistant's automation",
        1,
        _against_rival(LIGHT.name),
        _against_rival(BARE_LIGHT),
    ),
    _most("p99 to median, the worst row of the table above", P99_TO_MEDIAN, _p99_to_median),
    _most("slow disk to fast disk, the worst row", SLOW_TO_FAST, _slow_to_fast),
    _least(f"catch-up: {RATE}, the slower of the two", 2000, _fact(RATE)),
    _most("written into all state files a press, KiB", 120, _cost(RECORD.name, bill.BOOKS)),
    _most(
        "processor a press without `record`, ms",
        15,
        _cost(FIVE.name, bill.CPU),
        _cost(BARE_FIVE, bill.CPU),
    ),
    _most("processor a press with `record`, ms", 25, _cost(RECORD.name, bill.CPU)),
    _most("idle without a camera, % of a core", 0.5, _idle),
    *_memory_goals("as units", APART, RECORD.name, "all six", BARE_FIVE),
    *_memory_goals(
        "under `doorbell run`", (together.CASE,), together.CASE, f"all six and {SERVER}"
    ),
)
