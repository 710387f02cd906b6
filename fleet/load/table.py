"""The table of the document, which stays as it is until there is a whole new one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- the table of the load -->\n"
END = "<!-- its end -->\n"
HEAD = (
    "| houses | doors in each | presses | pressed a second | through | killed | lost | doubled"
    " | inversions | p50 ms | p99 ms | events a second a core: member | relay | rows a door"
    " | bytes a door |\n" + "|-" * 15 + "|\n"
)


@dataclass(frozen=True)
class Line:
    """One phase of a run.

    Attributes:
        rate: Presses a second; None: as fast as it goes.
        through_s: How many a second were handled, until the last one was.
    """

    houses: int
    doors: int
    presses: int
    rate: float | None
    through_s: float
    killed: str
    lost: int
    doubled: int
    inversions: int
    p50_ms: float
    p99_ms: float
    a_member_core: float
    a_relay_core: float
    rows: float
    size: float

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lost, doubled or turned round."""
        return not (self.lost or self.doubled or self.inversions)

    def __str__(self) -> str:
        rate = f"{self.rate:.0f}" if self.rate else "all at once"
        return (
            f"| {self.houses} | {self.doors:,} | {self.presses:,} | {rate}"
            f" | {self.through_s:.0f} | {self.killed} | {self.lost} | {self.doubled}"
            f" | {self.inversions} | {self.p50_ms:,.0f} | {self.p99_ms:,.0f}"
            f" | {self.a_member_core:.0f} | {self.a_relay_core:.0f} | {self.rows:.2f}"
            f" | {self.size:,.0f} |\n"
        )


def write(document: Path, lines: Sequence[Line]) -> None:
    """Put the table in its place, in one step.

    Raises:
        ValueError: the document has no place for it.
    """
    before, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document} has no {BEGIN.strip()} … {END.strip()}")
    new = document.with_suffix(".new")
    new.write_text(f"{before}{begin}{HEAD}{''.join(map(str, lines))}{end}{after}", encoding="utf-8")
    new.replace(document)
