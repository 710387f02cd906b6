"""The rig's Pi: switched on once for each file, whose tests follow each other.

`make rig` builds its disk, names the folder in $RIG and runs them; without $RIG nothing here is
collected.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.pi import Pi

RESULTS = "## What it shows"

TESTS = ["test_image.py", "test_own_folders.py", "test_rig.py", "test_update.py"]
collect_ignore = [] if os.environ.get("RIG") else TESTS


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config):
    """Prints a figure, past pytest's capture; with $RIG_REPORT they also go into that document."""
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")
    lines = []

    def say(line: str) -> None:
        lines.append(line)
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(f"      {line}")

    yield say
    if report := os.environ.get("RIG_REPORT"):
        document = Path(report)
        words, heading, rest = document.read_text(encoding="utf-8").partition(RESULTS)
        figures = "\n".join(lines)
        document.write_text(
            f"{words}{heading}{rest.partition('```')[0]}```text\n{figures}\n```\n", encoding="utf-8"
        )


@pytest.fixture(scope="module")
def pi(request: pytest.FixtureRequest, say) -> Iterator[Pi]:
    """A machine with its own disk for each file of tests; only one is on at a time."""
    image = Path(os.environ["RIG"]).resolve()
    folder = image / "run" / request.path.stem
    folder.mkdir(parents=True, exist_ok=True)
    machine = Pi(image, folder)
    say(f"boot to taking orders: {machine.boot():.0f} s")
    yield machine
    machine.cut_power()


@pytest.fixture(autouse=True)
def _stage(request: pytest.FixtureRequest, say) -> Iterator[None]:
    """Prints how long each test took."""
    began = time.monotonic()
    yield
    say(f"{request.node.name}: {time.monotonic() - began:.0f} s")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Each test needs what the one before did: after a failure the rest would only confuse."""
    if call.excinfo is not None and "rig" in str(item.path.parent.name):
        item.session.shouldfail = f"{item.name} failed: the ones after it need what it does"
