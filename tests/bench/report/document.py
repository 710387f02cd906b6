"""The report, in Markdown, and the same as JSON."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.cases import Plan
from tests.bench.report import tables
from tests.bench.report.goals import Results
from tests.bench.report.result import Result
from tests.bench.rounds import SLOWER_MS
from tests.bench.stage import mosquitto

TEMPLATE = Path(__file__).with_name("template.md")
TABLES = ("latency_goals", "other_goals", "latencies", "on_debian", "costs", "memory", "facts")
NOT_MEASURED = "Not measured in this run."
MISSING = """
Home Assistant was not measured, because it is not installed. To install it (as root, 1.6 GB):
`.ci/get-homeassistant DIR`, and then `HOMEASSISTANT=DIR make bench`.
"""


def conditions(plan: Plan, *, is_short: bool) -> dict[str, Any]:
    """What is known before the run."""
    checkout = plan.checkout
    describe = _output("git", "-C", str(checkout.root), "describe", "--always", "--dirty")
    broker = re.search(r"version ([\d.]+)", _output(mosquitto(), "-h"))
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "processor": model[1].strip() if model else platform.machine(),
        "python": _python(str(checkout.python)),
        "mosquitto": broker[1] if broker else "",
        "commit": describe or "unknown",
        "short": ", a short run" if is_short else "",
        "slower_ms": SLOWER_MS,
        "missed": f"{plan.missed:,}",
        "journaled": f"{plan.journaled:,}",
        "load_before": f"{os.getloadavg()[0]:.1f}",
    }


def _python(path: str) -> str:
    """Its version, and whether it is the system's: another may be compiled for less speed."""
    version = _output(path, "--version").removeprefix("Python ")
    is_system = _output(path, "-c", "import sys; print(sys.base_prefix)") == "/usr"
    return f"{version} ({'' if is_system else 'not '}the system's)"


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def by_case(results: Sequence[Result]) -> Results:
    return {one.case: one for one in results}


def write(head: Mapping[str, Any], results: Sequence[Result]) -> str:
    """The whole report."""
    found = by_case(results)
    made = {name: getattr(tables, name)(found) or NOT_MEASURED for name in TABLES}
    return TEMPLATE.read_text(encoding="utf-8").format(**head, **made)


def save(path: Path, head: Mapping[str, Any], results: Sequence[Result]) -> None:
    """Write it as JSON."""
    wire = {"conditions": dict(head), "results": [one.to_json() for one in results]}
    path.write_text(json.dumps(wire, indent=1), encoding="utf-8")


def load(path: Path) -> Results:
    """Read what `save` wrote."""
    wire = json.loads(path.read_text(encoding="utf-8"))
    return by_case([Result.from_json(one) for one in wire["results"]])
