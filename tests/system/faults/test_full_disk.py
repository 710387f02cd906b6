"""Real processes on a full disk: the bell rings live, and nothing stored is damaged."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.house import House, until
from tests.system.faults.ledger import settle_accounts

pytestmark = pytest.mark.fault_matrix

EVERYBODY = ("hub", "one", "two")
TIMER = '\n@handler("two.due")\ndef due(event: Event, config: HandlerConfig):\n    return "due"\n'


@pytest.fixture
def small_disk(house: House) -> Iterator[Path]:
    """The state folder on a file system of 1 MB."""
    house.state_dir.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(house.state_dir)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip(
            "only root can mount a file system; tests/hub/store/file/test_memory_fallback.py "
            "limits the size of files instead"
        )
    yield house.state_dir
    for process in house.processes.values():
        process.kill()
        process.wait()
    subprocess.run(["umount", "-l", str(house.state_dir)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 512)


def _reasons(house: House) -> list[str]:
    return [house.statuses(name, "ready")[-1]["detail"] for name in EVERYBODY]


def test_the_bell_rings_on_a_full_disk(house: House, small_disk: Path):
    """Filled and cleared: each press has its effects once, then and after kill -9 of all."""
    house.write_handler("one", "done(event)")
    two = house.write_handler(
        "two", "memory['n'] = memory.get('n', 0) + 1\nlater('two.due', 0.1)\ndone(event)"
    )
    two.write_text(two.read_text() + TIMER)
    house.start(*EVERYBODY)

    def ring(count: int) -> list[str]:
        presses = [house.press() for _ in range(count)]
        for press in presses:
            house.wait_outcome(press, "one")
            house.wait_outcome(press, "two")
        return presses

    before = ring(1)
    _fill(small_disk / "ballast")
    during = ring(25)
    until(
        lambda: all("is full" in reason for reason in _reasons(house)),
        lambda: f"all tell it: {_reasons(house)}",
    )
    (small_disk / "ballast").unlink()
    until(lambda: not any(_reasons(house)), lambda: f"all are well again: {_reasons(house)}")
    after = ring(1)
    for name in EVERYBODY:
        house.kill(name)
    house.start(*EVERYBODY)
    last = ring(1)
    settle_accounts(house)
    expected = [*before, *during, *after, *last]
    assert (house.effects("one"), house.effects("two")) == (expected, expected)


def test_who_starts_on_a_full_disk_rings_all_the_same(house: House, small_disk: Path):
    """As after a boot: each gives up the room that it held, and keeps its state in memory."""
    house.write_handler("one", "done(event)")
    house.write_handler("two", "done(event)")
    house.start(*EVERYBODY)
    presses = [house.press()]
    for name in ("one", "two"):
        house.wait_outcome(presses[0], name)
    for name in EVERYBODY:
        house.kill(name)
    for path in small_disk.glob("*-shm"):
        path.unlink()  # as after a boot that was in order
    _fill(small_disk / "ballast")
    house.start(*EVERYBODY)
    for _ in range(5):
        presses.append(house.press())
        for name in ("one", "two"):
            house.wait_outcome(presses[-1], name)
    (small_disk / "ballast").unlink()
    until(lambda: not any(_reasons(house)), lambda: f"all are well again: {_reasons(house)}")
    settle_accounts(house)
    assert (house.effects("one"), house.effects("two")) == (presses, presses)
