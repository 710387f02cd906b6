"""The clusters of `make cluster`: it builds their systems and names the folder in $CLUSTER.

Without $CLUSTER nothing here is collected.
"""

import os
from pathlib import Path

import pytest

from tests.cluster import record

collect_ignore = [] if os.environ.get("CLUSTER") else ["test_cluster.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table, and the document where one is wanted."""
    if not record.ROWS:
        return
    terminalreporter.write_line(record.table())
    if path := os.environ.get(record.REPORT):
        record.write(Path(path))
