"""Says at the end of a run what the faults did."""

import os
from pathlib import Path

import pytest

from tests.system import reliability


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The counts, and the report where one is wanted."""
    if not reliability.ROWS:
        return
    terminalreporter.write_line(reliability.summary())
    if path := os.environ.get(reliability.REPORT):
        reliability.write(Path(path))
