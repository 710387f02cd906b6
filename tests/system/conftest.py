"""Says at the end of a run what the faults did."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.system.faults import reliability


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The counts of a test travel with its report: it may have run in another process."""
    report = yield
    if report.when == "call" and (row := reliability.ROWS.pop(item.nodeid, None)):
        counted = {"number": item.session.items.index(item), "row": row.counts()}
        report.user_properties.append((reliability.PROPERTY, counted))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """The process that prints the summary collects the counts of all tests."""
    for name, counted in report.user_properties:
        if report.when == "call" and name == reliability.PROPERTY:
            row = reliability.Row(**counted["row"])
            reliability.ROWS[row.test] = row
            reliability.NUMBERS[row.test] = counted["number"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The counts, and the report where one is wanted."""
    if not reliability.ROWS:
        return
    terminalreporter.write_line(reliability.summary())
    if path := os.environ.get(reliability.REPORT):
        reliability.write(Path(path))
