"""What a run on a cluster showed, for its last lines and for docs/cluster.md."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.system.faults import reliability
from tests.system.faults.ledger import FINAL, PRESSED, Ledger

REPORT = "CLUSTER_REPORT"  # the document whose last part is written, if any
HEADING = "## The last record\n"
COLUMNS = (
    "| cluster | nodes killed | presses | reconnects | refused PUBACKs "
    "| reactions: median | p99 | latest | lost | doubled |"
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one cluster showed.

    Attributes:
        counted: By the audit.
        reconnects: Of the hub and the handlers.
        refused: How many PUBACKs had a reason code that is a failure, by the code.
        late_s: From each press to each handler's outcome, in ascending order.
    """

    counted: reliability.Row
    reconnects: int
    refused: dict[int, int]
    late_s: Sequence[float]

    def line(self) -> str:
        """As a row of the table."""
        codes = ", ".join(f"{number} (0x{code:02X})" for code, number in self.refused.items())
        cells = (
            self.counted.broker,
            self.counted.brokers,
            self.counted.presses,
            self.reconnects,
            codes or 0,
            *(f"{self._quantile(share):.3f} s" for share in (0.5, 0.99, 1)),
            self.counted.lost,
            self.counted.doubled,
        )
        return f"| {' | '.join(map(str, cells))} |"

    def _quantile(self, share: float) -> float:
        return self.late_s[min(int(share * len(self.late_s)), len(self.late_s) - 1)]


ROWS: list[Row] = []


def lateness_s(ledger: Ledger) -> Iterator[float]:
    """From each press to the end of each reaction to it, as the state files have the times."""
    pressed = {event["id"]: event["time"] for event, _ in ledger.hub.said}
    for handler in ledger.handlers.values():
        if handler.kind == PRESSED:
            for press, outcomes in handler.outcomes().items():
                ends = [one["time"] for one in outcomes if one["type"] in FINAL]
                yield (_moment(ends[0]) - _moment(pressed[press])).total_seconds()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def table() -> str:
    """All rows."""
    return "\n".join([COLUMNS, "|-|" + "-:|" * 9, *(row.line() for row in ROWS)])


def write(path: Path) -> None:
    """Put the table below the heading, and leave what is above it."""
    words = path.read_text(encoding="utf-8").partition(HEADING)[0]
    told = f"By `make cluster` on {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores."
    path.write_text(f"{words}{HEADING}\n{told}\n\n{table()}\n", encoding="utf-8")
