"""The benchmark's report, in Markdown."""

import os
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.bench.rounds import Result

HEAD = """# Benchmark

Written by `make bench` on {date}, {cores} cores, {rounds} rounds a broker. Each round is one bare
echo and, right after it, one press, with all five handlers running. Absolute figures depend on the
machine and its noise. Compare the ratio to the bare echo of the same run (with mosquitto's default
settings the echo itself waits for Nagle's algorithm and is no floor). The clock starts when the hub
sees the press, and the press is on the disk (fsync) before it is published. `min_press_s` (20 ms by
default) comes before that and is not included.

The aims: at most 3 times the bare echo from press to effect, and 22 MB for a handler other than
`notify` and `record`. Where a figure below is larger, the aim is missed.
"""
MEMORY = """
## Memory

While idle after these presses, in MB (`/proc/PID/smaps_rollup`). Private is what ending the process
would free; proportional divides what several processes share.
"""


def write(results: Sequence[Result]) -> str:
    """A table for each broker, and the memory of the first."""
    rounds = len(next(iter(results[0].times.values())))
    parts = [HEAD.format(date=f"{datetime.now(UTC):%Y-%m-%d}", cores=os.cpu_count(), rounds=rounds)]
    for result in results:
        parts += [f"## mosquitto {result.name}\n", _table(result), ""]
    parts.append(f"From start to all six processes ready: {results[0].ready_s:.1f} s.")
    return "\n".join([*parts, MEMORY, results[0].memory, ""])


def _table(result: Result) -> str:
    floor_s = statistics.median(next(iter(result.times.values())))
    rows = [_row(what, times, floor_s) for what, times in result.times.items()]
    return "\n".join(["| what | p50 | p99 | p50 to bare echo |", "|-|-:|-:|-:|", *rows])


def _row(what: str, times: Sequence[float], floor_s: float) -> str:
    ratio = statistics.median(times) / floor_s
    return f"| {what} | {_ms(times, 50)} | {_ms(times, 99)} | {ratio:.1f} |"


def _ms(times: Sequence[float], percent: int) -> str:
    ordered = sorted(times)
    return f"{ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000:.2f} ms"
