"""Counts what the faults did in a run, for its last lines and for docs/reliability.md."""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.house import House
    from tests.system.faults.ledger import Ledger

REPORT = "RELIABILITY_REPORT"  # the file to write, if any
PROPERTY = "reliability"  # of a test's report
HEAD = """# Reliability

Written by `make reliability` on {date}, on {cores} cores. Each line is a test. It starts a hub and
several handlers as real processes on a real broker, injects a fault, and lets all processes come
back. Then it audits the state files, the messages on the broker, and the effects, counted at the
effect (`tests/system/faults/ledger.py`).

- **Owed**: one end for each handler and each event that it reacts to.
- **Lost**: owed, and without an end.
- **Repeated**: acted again because a crash fell between the act and its record. The policy
  is to repeat, and the event was marked as redelivered.
- **Doubled**: acted again in any other case.

"""
COLUMNS = (
    "| fault | broker | processes ended | brokers ended | presses "
    "| owed | lost | repeated | doubled |"
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one test counted.

    Attributes:
        test: Its node id.
        processes: How many processes ended, by the fault or for the test's own sake.
        brokers: How many brokers.
        owed: Ends that handlers owe.
    """

    test: str
    broker: str
    processes: int
    brokers: int
    presses: int
    owed: int
    lost: int
    repeated: int
    doubled: int

    def counts(self) -> dict[str, Any]:
        """All of it, as values that can be sent to another process."""
        return asdict(self)

    def line(self) -> str:
        """As a row of the table."""
        test = self.test.partition("::")[2].removesuffix(
            "@rabbitmq"
        )  # its group: tests/conftest.py
        name = test.removeprefix("test_").replace("_", " ")
        counts = (
            self.processes,
            self.brokers,
            self.presses,
            self.owed,
            self.lost,
            self.repeated,
            self.doubled,
        )
        return f"| {name} | {self.broker} | " + " | ".join(map(str, counts)) + " |"


ROWS: dict[str, Row] = {}  # the last word of each test
NUMBERS: dict[
    str, int
] = {}  # the place of each test in the run: side by side they end in any order


def note(house: "House", ledger: "Ledger") -> None:
    """The accounts of the running test as they are now."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    acts = [act for handler in ledger.handlers.values() for act in _acts(handler.acts)]
    owed = sum(len(ledger.events(handler.kind)) for handler in ledger.handlers.values())
    ended = sum(
        any(
            outcome["type"] in ("handler.done", "handler.skipped", "handler.dead")
            for outcome in outcomes
        )
        for handler in ledger.handlers.values()
        for outcomes in handler.outcomes().values()
    )
    ROWS[test] = Row(
        test,
        house.broker.name,
        sum(house.deaths(name) for name in ("hub", *house.handlers)),
        house.broker.ends,
        len(ledger.presses),
        owed,
        owed - ended,
        sum(told for _, told in acts),
        sum(not told for _, told in acts),
    )


def _acts(acts: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """All acts but the first one on each event, and whether they were marked as redelivered."""
    seen: set[str] = set()
    return [(event, told) for event, told in acts if event in seen or seen.add(event)]  # type: ignore[func-returns-value]


def total() -> Row:
    """All of it."""
    rows = ROWS.values()
    sums = [
        sum(getattr(row, name) for row in rows)
        for name in ("processes", "brokers", "presses", "owed", "lost", "repeated", "doubled")
    ]
    return Row("::all of them", "", *sums)


def summary() -> str:
    """The run in a line."""
    one = total()
    return (
        f"{len(ROWS)} fault tests: {one.processes} processes and {one.brokers} brokers ended, "
        f"{one.presses} presses, {one.owed} ends owed, {one.lost} lost, {one.doubled} doubled, "
        f"{one.repeated} repeated as redelivered"
    )


def write(path: Path) -> None:
    """The whole table."""
    head = HEAD.format(date=f"{datetime.now(UTC):%Y-%m-%d}", cores=os.cpu_count())
    ruler = "|-|-|" + "-:|" * 7
    rows = sorted(ROWS.values(), key=lambda row: NUMBERS.get(row.test, 0))
    lines = [row.line() for row in (*rows, total())]
    path.write_text(
        head + "\n".join([COLUMNS, ruler, *lines, "", f"{summary()}.", ""]), encoding="utf-8"
    )
