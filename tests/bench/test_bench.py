"""The benchmark runs. What it measures is for people to judge, on a quiet machine."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.outside.sightings import LIVE, PICTURE, SHOWN
from tests.house import ROOT


def bench(*arguments: str | Path) -> str:
    """Run it; returns what it printed."""
    command = [sys.executable, "-m", "tests.bench", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_is_watched_beside_a_crowd(
    tmp_path: Path, mosquitto_program: str, needed: Callable[..., str]
) -> None:
    """Ring, picture and live picture of each press are seen while others keep the page busy."""
    needed("cc", "gcc")
    figures = tmp_path / "figures.json"
    bench("--short", "--only", "crowded-page", "--presses", "2", "--json", figures)
    (result,) = json.loads(figures.read_text(encoding="utf-8"))["results"]
    assert {SHOWN, PICTURE, LIVE} <= result["times"].keys()
    assert {time["count"] for time in result["times"].values()} == {2}


def test_a_short_run_writes_its_table(
    tmp_path: Path, mosquitto_program: str, needed: Callable[..., str]
) -> None:
    """A run sees every effect of each press, on both disks, and writes a table and the figures."""
    needed("cc", "gcc")
    figures, table = tmp_path / "figures.json", tmp_path / "table.md"
    only = ("--only", "five", "--presses", "3")
    bench("--short", *only, "--json", figures, "--write", table)
    (result,) = json.loads(figures.read_text(encoding="utf-8"))["results"]
    for times in (result["times"], result["slow"]):
        assert {time["count"] for time in times.values()} == {3}
    assert table.read_text(encoding="utf-8").startswith("# Benchmark")
    assert "| lamp asked, ms |" in bench("--compare", figures, figures)
