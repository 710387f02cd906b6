"""What processes cost: processor time, bytes written and memory, all from /proc."""

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.processes import of_session

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
QUIET_S = 1.0
QUIET_CPU_S = 0.02  # less than this within QUIET_S is nothing


class Costs(NamedTuple):
    """Since the processes began.

    Attributes:
        cpu_s: In user mode and in the kernel (proc(5), stat).
        dirtied: Bytes of pages that the processes made dirty; a page that is written twice before
            the kernel stores it counts once (proc(5), io: write_bytes).
        written: Bytes given to write and its kin, to sockets and pipes, too (io: wchar).
    """

    cpu_s: float
    dirtied: int
    written: int

    def since(self, before: "Costs") -> "Costs":
        return Costs(*(now - then for now, then in zip(self, before, strict=True)))


def of(leader: int) -> Costs:
    """Of a process and all that it started."""
    return add(_of_one(pid) for pid in of_session(leader))


def add(costs: Iterable[Costs]) -> Costs:
    """The sum."""
    return Costs(*(sum(values) for values in zip(*costs, strict=True)))


def of_each(leaders: Mapping[str, int]) -> dict[str, Costs]:
    """By name."""
    return {name: of(pid) for name, pid in leaders.items()}


def wait_until_quiet(leaders: Mapping[str, int], patience_s: float) -> float:
    """Wait until the processes take next to no processor time any more.

    Returns:
        Since when, by time.monotonic(), to a tenth of a second.
    """
    deadline = time.monotonic() + patience_s
    quiet_since = time.monotonic()
    before = add(of_each(leaders).values()).cpu_s
    while time.monotonic() < deadline:
        time.sleep(0.1)
        now = add(of_each(leaders).values()).cpu_s
        if now - before > QUIET_CPU_S:
            before, quiet_since = now, time.monotonic()
        if time.monotonic() - quiet_since > QUIET_S:
            return quiet_since
    raise AssertionError(f"still busy after {patience_s} s: {', '.join(leaders)}")


def _of_one(pid: int) -> Costs:
    folder = Path(f"/proc/{pid}")
    *_, rest = (folder / "stat").read_text(encoding="ascii").rpartition(")")
    cpu_ticks = sum(int(one) for one in rest.split()[11:15])  # with children that have ended
    lines = (folder / "io").read_text(encoding="ascii").splitlines()
    io = {key: int(value) for key, value in (line.split(":") for line in lines)}
    return Costs(cpu_ticks / TICKS_A_SECOND, io["write_bytes"], io["wchar"])
