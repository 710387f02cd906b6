"""Private and proportional memory of running processes."""

from pathlib import Path
from typing import NamedTuple

from tests.processes import of_session


class Memory(NamedTuple):
    """In MB (proc(5), smaps_rollup).

    Attributes:
        private: What ending the process would free.
        proportional: What several processes share is divided among them.
    """

    private: float
    proportional: float


def of(leader: int) -> Memory:
    """Of a process and all that it started."""
    each = [of_one(pid) for pid in of_session(leader)]
    return Memory(sum(one.private for one in each), sum(one.proportional for one in each))


def of_one(pid: int) -> Memory:
    """Of a process alone."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    kilobytes = {
        key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)
    }
    private = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(private / 1024, kilobytes["Pss"] / 1024)
