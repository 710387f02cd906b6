"""The rig's Pi, switched on once for all tests, which follow each other as on a person's first day with it.

They run by `make rig`, which builds its disk and names the folder in $RIG; without it nothing here is collected.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.pi import Pi

RESULTS = "## What it shows"

collect_ignore = [] if os.environ.get("RIG") else ["test_rig.py", "test_image.py"]


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config):
    """Prints a figure, also where pytest keeps the output; with $RIG_REPORT they come to the end of that document."""
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


@pytest.fixture(scope="session")
def pi(say) -> Iterator[Pi]:
    image = Path(os.environ["RIG"]).resolve()
    folder = image / "run"
    folder.mkdir(exist_ok=True)
    machine = Pi(image, folder)
    say(f"boot to taking orders: {machine.boot():.0f} s")
    yield machine
    machine.cut_power()


@pytest.fixture(autouse=True)
def _stage(request: pytest.FixtureRequest, say) -> Iterator[None]:
    """How long each took."""
    began = time.monotonic()
    yield
    say(f"{request.node.name}: {time.monotonic() - began:.0f} s")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Each needs what the one before it did: after a failure the rest would only confuse."""
    if call.excinfo is not None and "rig" in str(item.path.parent.name):
        item.session.shouldfail = f"{item.name} failed: the ones after it need what it does"
