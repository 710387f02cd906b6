"""What the cuts showed, as lines for a terminal and as docs/power-cut.md."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from tests.power.audit import Act

HEAD = """# Power cuts

Written by `make power-cut` on {date}, on {cores} cores; the seed was {seed}. A virtual machine runs
the hub and three handlers. The broker, a listener, and a recorder of the handlers' acts are
outside. The machine's disk ([tests/power/disk.py](../tests/power/disk.py)) has a write-back cache
that dies with the power. A flush takes 500 ms. Of what was written and not flushed the disk keeps
an arbitrary part: whole writes, none, or some of their sectors. The button is pressed, the press is
heard outside, and up to 3 s later QEMU and the disk are killed. Then a copy of the disk is checked,
and the machine boots again. In every other boot its clock is set.

- **Heard**: the presses that were published since the boot, those by command among them.
- **Not synced**: presses of the button that were published, and are not in the hub's journal
  after the cut. Everything else is published after its sync.
- **In checkpoints**: state files whose log was being copied into the file when the cut came. Here
  that begins 0.1 s after the last commit of a press, and not after 500 commits, as in life.
- **Acts on them**: what the handlers did about these presses.
- **Repeated**: acts of the handler with `on_redelivery="repeat"` that it made again, and was told
  that it was a redelivery. They are counted at the cut that comes after them.
- **Lost**: something that was published after its sync, or was on the disk after an earlier cut,
  and is gone; or a press in the journal that a handler has not brought to one end, or that the
  handler with `repeat` has not acted on.
- **Doubled**: an act that a handler with `on_redelivery="skip"` made twice, an act made again
  without being told, or one number for two events.
- **Damaged**: a file system with errors that its journal does not settle, a state file that
  `PRAGMA integrity_check` finds damaged, or a gap in its numbering.

| cut | {columns} |
|-|{dashes}|
"""
COLUMNS = (
    "ms after the press",
    "heard",
    "not synced",
    "in checkpoints",
    "acts on them",
    "repeated",
    "lost",
    "doubled",
    "damaged",
)


@dataclass(frozen=True, slots=True)
class Row:
    """What was found after a cut, of all cuts until then.

    Attributes:
        published_ago_s: How long before the cut the last press was heard, in seconds.
        heard: The presses that were heard.
        synced: The presses in the hub's journal.
        unsynced: The presses that were published at once, and are not in it.
        checkpoints: The state files whose log was being copied into the file.
        acts: The acts of the handlers.
        damaged: Damaged files.
        lost: What is gone.
        doubled: What was done twice.
    """

    published_ago_s: float
    heard: set[str]
    synced: set[str]
    unsynced: list[str]
    checkpoints: set[str]
    acts: list[Act]
    damaged: list[str]
    lost: list[str]
    doubled: list[str]

    @property
    def faults(self) -> list[str]:
        """All that must not be."""
        return [*self.damaged, *self.lost, *self.doubled]

    @property
    def repeated(self) -> int:
        """The number of acts that were repeated."""
        return len(self.acts) - len({act[:2] for act in self.acts})

    def of_this_cut(self, before: "Row | None") -> list[str]:
        """The presses that were published, and not synced, when this cut came."""
        known = set(before.unsynced) if before else set()
        return [press for press in self.unsynced if press not in known]

    def cells(self, before: "Row | None") -> list[int]:
        """The numbers of this cut alone."""
        unsynced = self.of_this_cut(before)
        return [
            round(self.published_ago_s * 1000),
            len(self.heard) - (len(before.heard) if before else 0),
            len(unsynced),
            len(self.checkpoints),
            sum(press in unsynced for _, press, _ in self.acts),
            self.repeated - (before.repeated if before else 0),
            len(self.lost),
            len(self.doubled),
            len(self.damaged),
        ]

    def words(self, before: "Row | None") -> str:
        """A line for the terminal."""
        cells = zip(COLUMNS, self.cells(before), strict=True)
        return ", ".join(f"{name} {count}" for name, count in cells)


def pairs(rows: Iterable[Row]) -> Iterator[tuple[Row | None, Row]]:
    """Each row, after the one before it."""
    for before, row in pairwise((None, *rows)):
        assert row
        yield before, row


def count_between(rows: Iterable[Row]) -> int:
    """The number of cuts that came between publish and sync."""
    return sum(bool(row.of_this_cut(before)) for before, row in pairs(rows))


def count_in_checkpoints(rows: Iterable[Row]) -> int:
    """The number of cuts that came while some state file's log was copied."""
    return sum(bool(row.checkpoints) for row in rows)


def document(rows: list[Row], seed: str) -> str:
    """The document. The last row is the cut after all has settled."""
    head = {
        "date": datetime.now(UTC).date(),
        "cores": os.cpu_count(),
        "seed": seed,
        "columns": " | ".join(COLUMNS),
        "dashes": "|".join("-:" for _ in COLUMNS),
    }
    lines = [HEAD.format(**head)]
    for number, (before, row) in enumerate(pairs(rows), start=1):
        name = str(number) if number < len(rows) else "settled"
        lines.append(f"| {name} | " + " | ".join(map(str, row.cells(before))) + " |\n")
    last = rows[-1]
    lines.append(
        f"\n{len(rows) - 1} cuts, {count_between(rows)} of them between publish and sync, and"
        f" {count_in_checkpoints(rows[:-1])} in checkpoints:"
        f" {len(last.heard)} presses heard, {len(last.synced)} in the journal at the end,"
        f" {len(last.acts)} acts, {last.repeated} of them repeated.\n\n"
    )
    lines.append("These presses were published and not synced:\n\n")
    for press in last.unsynced:
        handlers = sorted({handler for handler, acted, _ in last.acts if acted == press})
        lines.append(f"- `{press}`: acted on by {', '.join(handlers) or 'no handler'}\n")
    return "".join(lines)
