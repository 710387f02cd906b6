"""What a press costs: what the processes took meanwhile, without what they take while idle."""

import time

from tests.bench.house import costs
from tests.bench.house.costs import Costs
from tests.bench.house.disk import Counts, Disk
from tests.bench.house.house import House

CPU = "processor, ms"
BOOKS = "state files, KiB"
DIRTIED = "pages made dirty, KiB"
WRITTEN = "all writes, KiB"
SYNCS = "fsync and fdatasync"
KIB = 1024


class Bill:
    """Begins when it is made."""

    def __init__(self, house: House, disk: Disk) -> None:
        self._house = house
        self._disk = disk
        self._before = costs.of_each(house.pids)
        self._counts_before = disk.counts()
        self._began = time.monotonic()
        self._idle_s: dict[str, float] = dict.fromkeys(house.pids, 0.0)

    def close(self, presses: int) -> None:
        """The presses are over."""
        self._presses = presses
        self._took_s = time.monotonic() - self._began
        self._spent = self._since(self._before)
        counts = self._disk.counts()
        self._counts = Counts(*(a - b for a, b in zip(counts, self._counts_before, strict=True)))
        assert self._counts.syncs > 0, "the preloaded library counts no sync of our processes"

    def add_idle(self, seconds: float) -> None:
        """Watch the house for so long while nobody presses."""
        before = costs.of_each(self._house.pids)
        time.sleep(seconds)
        spent = self._since(before)
        self._idle_s = {name: one.cpu_s / seconds for name, one in spent.items()}

    @property
    def idle_percent(self) -> float:
        """Of a core, all processes together."""
        return 100 * sum(self._idle_s.values())

    def a_press(self) -> dict[str, float]:
        """The costs of one press by name, the processor's by process, too."""
        cpu_ms = {
            f"{CPU}: {name}": (one.cpu_s - self._idle_s[name] * self._took_s) * 1000 / self._presses
            for name, one in self._spent.items()
        }
        every = costs.add(self._spent.values())
        return {
            CPU: sum(cpu_ms.values()),
            **cpu_ms,
            BOOKS: self._counts.bytes / KIB / self._presses,
            DIRTIED: every.dirtied / KIB / self._presses,
            WRITTEN: every.written / KIB / self._presses,
            SYNCS: self._counts.syncs / self._presses,
        }

    def _since(self, before: dict[str, Costs]) -> dict[str, Costs]:
        now = costs.of_each(self._house.pids)
        return {name: one.since(before[name]) for name, one in now.items()}
