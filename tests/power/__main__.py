"""Cuts the power of a virtual machine around presses, and audits what is left.

python -m tests.power --rig .rig --write docs/power-cut.md
python -m tests.power --rig .rig --cuts 2 --seed 7
python -m tests.power --rig .rig --cuts 4 --without-sync    must fail: our processes sync nothing
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.house import until
from tests.needs import find_program
from tests.power import audit
from tests.power.machine import BOOT_S, Machine, build
from tests.power.outside import Listener, Recorder
from tests.power.remains import Remains, read_remains
from tests.power.report import Row, count_between, count_in_checkpoints, document
from tests.servers.brokers import mosquitto_broker

HANDLERS = {
    "repeat": "",
    "careful": ', on_redelivery="skip"',
    "fresh": ', on_redelivery="skip", max_age_s=15',
}
BOOTS = 3
SOON_S = 0.6  # after a press was published: so soon come half of the cuts
LATER_S = 3.0
SETTLE_S = 180.0
LEAST_BETWEEN = 10


@dataclass
class House:
    """The machine, what is outside of it, and what was found so far."""

    machine: Machine
    listener: Listener
    recorder: Recorder
    chance: random.Random
    folder: Path
    syncs: bool
    remains: list[Remains] = field(default_factory=list)
    cuts: int = 0

    def boot(self) -> None:
        """Switch it on, and wait until all are ready."""
        for _ in range(BOOTS):
            since = self.listener.count
            self.cuts += 1
            seed = str(self.chance.random())
            self.machine.boot(seed, clock_is_set=self.cuts % 2 == 0, syncs=self.syncs)

            def is_up(since: int = since) -> bool:
                is_ready = self.listener.is_ready(since, "home", *HANDLERS)
                return is_ready or self.machine.has_panicked

            until(is_up, lambda: f"the house is ready: {self.machine.said[-3000:]}", BOOT_S)
            if not self.machine.has_panicked:
                return
            self.machine.cut()
        raise AssertionError(f"the kernel panicked {BOOTS} times")

    def settle(self) -> None:
        """Wait until every press that is on the disk has come to its ends, and the command rang."""
        owed = set(self.listener.commanded)
        if self.remains:
            owed |= self.remains[-1].presses

        def is_settled() -> bool:
            has_rung = self.listener.repeat()
            return has_rung and all(owed <= self.listener.ends(name) for name in HANDLERS)

        until(is_settled, lambda: f"all presses have ended: {self.machine.said[-3000:]}", SETTLE_S)

    def press(self) -> None:
        """Press the button once or twice, perhaps while a command is on its way."""
        if self.chance.random() < 0.5:
            self.listener.command()
            time.sleep(self.chance.random())
        for _ in range(self.chance.choice((1, 1, 2))):
            known = len(self.listener.rings())
            self.machine.press()
            self._wait_for_ring(known + 1)

    def _wait_for_ring(self, count: int) -> None:
        until(
            lambda: len(self.listener.rings()) >= count,
            lambda: f"the press is heard: {self.machine.said[-3000:]}",
        )

    def wait(self) -> None:
        """Until the power is cut: half of the times so short that no sync has ended."""
        longest = self.chance.choice((SOON_S, LATER_S))
        ends = time.monotonic() + self.chance.random() * longest
        while time.monotonic() < ends:
            self.listener.repeat()
            time.sleep(0.01)

    def cut(self) -> Row:
        """Cut the power and look at the disk."""
        at = self.machine.cut()
        before = self.remains[-1] if self.remains else Remains()
        now = read_remains(self.machine.image, self.folder / "remains")
        self.remains.append(now)
        heard = self.listener.events
        acts = list(self.recorder.acts)
        row = Row(
            published_ago_s=at - max(self.listener.heard_at().values()),
            heard=set(self.listener.heard_at()),
            synced=now.presses,
            unsynced=audit.unsynced(heard, now),
            checkpoints=self.machine.checkpoints,
            acts=acts,
            damaged=now.faults,
            lost=[
                *audit.lost(heard, before, now),
                *audit.open_ends(now, before.presses, HANDLERS, acts),
            ],
            doubled=[*audit.renumbered(heard, self.remains), *audit.doubled(acts)],
        )
        for fault in row.faults:
            print("   ", fault)
        if row.faults:
            kept = self.folder / f"remains-{len(self.remains)}"
            shutil.copytree(self.folder / "remains", kept)
        return row


def run(rig: Path, folder: Path, cuts: int, seed: str, *, syncs: bool = True) -> list[Row]:
    """Cut the power so many times, and once more when all has settled.

    Returns:
        What was found after each cut.
    """
    recorder = Recorder()
    with mosquitto_broker(find_program("mosquitto"), folder) as broker:
        build(rig, folder, broker.port, recorder.port, HANDLERS)
        listener = Listener(broker.port)
        machine = Machine(rig, folder)
        house = House(machine, listener, recorder, random.Random(seed), folder, syncs)
        rows: list[Row] = []
        try:
            for number in range(1, cuts + 2):
                house.boot()
                house.settle()
                if number <= cuts:
                    house.press()
                    house.wait()
                rows.append(house.cut())
                print(f"{number:3}  {rows[-1].words(rows[-2] if number > 1 else None)}", flush=True)
        finally:
            machine.cut()
            listener.close()
    return rows


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.power", description=__doc__)
    parser.add_argument("--rig", type=Path, required=True, help="where tests/rig/build has built")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10_000)))
    parser.add_argument("--without-sync", action="store_true", help="as if the disk lied")
    parser.add_argument("--write", type=Path, help="the document that gets the table")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    folder = Path(tempfile.mkdtemp(prefix="doorbell-power-"))
    rows = run(
        arguments.rig.resolve(),
        folder,
        arguments.cuts,
        arguments.seed,
        syncs=not arguments.without_sync,
    )
    between = count_between(rows)
    print(f"{between} of {arguments.cuts} cuts came between publish and sync")
    print(f"{count_in_checkpoints(rows[:-1])} cuts came into checkpoints")
    if arguments.write:
        arguments.write.write_text(document(rows, arguments.seed), encoding="utf-8")
    is_proof = between >= min(LEAST_BETWEEN, arguments.cuts // 2)
    if not is_proof or any(row.faults for row in rows):
        sys.exit(f"It failed; what was left is in {folder}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
