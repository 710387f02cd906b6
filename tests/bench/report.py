"""The report, in Markdown, and the same as JSON."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import tables
from tests.bench.goals import Results
from tests.bench.result import Result

HEAD = """# Benchmark

Written by `make bench` on {date}: {cores} cores, load average {load_before} before the run and
{load_after} after it, commit {commit}{short}. Absolute figures depend on the machine and its noise.
Compare the multiples of the bare echo, which was measured in the same rounds.

## Goals and figures

The bare echo is the floor: one client publishes, another one hears it and publishes in turn, and
the first one hears that. The medians below are divided by the echo's median in the same case.
"""
PARTS = (
    ("## All latencies", "latencies"),
    ("## What a press costs", "costs"),
    ("## Memory", "memory"),
    ("## Other figures", "facts"),
)
MISSING = """
Home Assistant was not measured, because it is not installed. To install it (as root, 1.6 GB):
`.ci/get-homeassistant DIR`, and then `HOMEASSISTANT=DIR make bench`.
"""


def conditions(root: Path, *, is_short: bool) -> dict[str, Any]:
    """What is known before the run."""
    describe = ["git", "-C", root, "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "commit": commit or "unknown",
        "short": " (a short run, for developers)" if is_short else "",
        "load_before": f"{os.getloadavg()[0]:.1f}",
    }


def by_case(results: Sequence[Result]) -> Results:
    return {(one.case, one.is_slow): one for one in results}


def write(head: Mapping[str, Any], results: Sequence[Result]) -> str:
    """The whole report."""
    found = by_case(results)
    parts = [HEAD.format(**head), tables.latency_goals(found), "", tables.other_goals(found)]
    parts.append(head["rival"])
    for title, name in PARTS:
        parts += ["", title, "", getattr(tables, name)(found)]
    return "\n".join([*parts, ""])


def save(path: Path, head: Mapping[str, Any], results: Sequence[Result]) -> None:
    """Write it as JSON."""
    wire = {"conditions": dict(head), "results": [one.to_json() for one in results]}
    path.write_text(json.dumps(wire, indent=1), encoding="utf-8")


def load(path: Path) -> Results:
    """Read what `save` wrote."""
    wire = json.loads(path.read_text(encoding="utf-8"))
    return by_case([Result.from_json(one) for one in wire["results"]])
