"""A house is backed up while it runs, goes on, is put back, and keeps its promise."""

import os
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

from hub.process.restore_guard import NOTE
from tests import forked
from tests.forked import PATIENCE_S
from tests.house import House
from tests.system.faults.ledger import read_books

EVERYBODY = ("hub", "one", "careful")


def _doorbell(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    return forked.run("hub.cli.main", *words, "--config", house.config)


def _prepare(house: House) -> Path:
    house.write_handler("one", "done(event)")
    house.write_handler("careful", "done(event)", '"doorbell.pressed", on_redelivery="skip"')
    house.start(*EVERYBODY)
    return house.folder.parent / "house.tar.gz"


def _press(house: House, count: int) -> list[str]:
    presses = [house.press() for _ in range(count)]
    for press in presses:
        house.wait_outcome(press, "one")
        house.wait_outcome(press, "careful")
    return presses


def _stop(house: House) -> None:
    for name in EVERYBODY:
        house.kill(name)


def _check_new_presses(house: House, before: list[str], lost: list[str]) -> None:
    """After a restore new events are acted on once; old ones repeat only as redelivered."""
    house.start(*EVERYBODY)
    new = _press(house, 3)
    for name in ("one", "careful"):
        acts = house.acts(name)
        assert [act for act in acts if act[0] in new] == [(press, False) for press in new]
        for press in [*before, *lost]:
            first, *again = [told for event, told in acts if event == press]
            assert not first
            assert all(again)
            assert not (again and name == "careful")
    kept = {event["id"] for event, _ in read_books(house.state_dir / "hub-home.db").said}
    assert kept >= {*before, *new}


def test_a_house_that_was_put_back_keeps_its_promise(house: House):
    """Five presses are newer than the backup; under running processes nothing is put back."""
    file = _prepare(house)
    before = _press(house, 3)
    assert _doorbell(house, "backup", str(file)).returncode == 0
    lost = _press(house, 5)
    refused = _doorbell(house, "restore", str(file), "--yes")
    assert refused.returncode == 1
    assert "sudo systemctl stop doorbell.target" in refused.stderr
    _stop(house)
    done = _doorbell(house, "restore", str(file), "--yes")
    assert done.returncode == 0, done.stderr
    _check_new_presses(house, before, lost)


def test_a_handler_that_knows_more_than_the_restored_hub(house: House):
    """A handler newer than the restored hub does not take its next presses for old ones."""
    file = _prepare(house)
    before = _press(house, 2)
    assert _doorbell(house, "backup", str(file)).returncode == 0
    lost = _press(house, 5)
    _stop(house)
    assert _doorbell(house, "restore", str(file), "--yes").returncode == 0
    (aside,) = house.state_dir.glob("before-restore-*")
    for name in ("one", "careful"):
        for path in house.state_dir.glob(f"{name}.db*"):
            path.unlink()
        for path in aside.glob(f"{name}.db*"):
            path.rename(house.state_dir / path.name)
    _check_new_presses(house, before, lost)


def test_a_backup_under_presses_has_all_that_came_before_it(house: House):
    """Hub and handlers write while their files are copied; the copies are sound."""
    file = _prepare(house)
    before = _press(house, 5)
    enough = threading.Event()

    def storm() -> None:
        while not enough.is_set():
            house.ears.publish(*house.press_command())

    ringing = threading.Thread(target=storm)
    ringing.start()
    try:
        done = _doorbell(house, "backup", str(file))
    finally:
        enough.set()
        ringing.join()
    assert done.returncode == 0, done.stderr
    assert "It holds passwords" in done.stdout
    out = house.folder.parent / "out"
    out.mkdir()
    subprocess.run(["tar", "-xzf", file, "-C", out], check=True)
    for name in ("hub-home", "one", "careful"):
        with closing(sqlite3.connect(out / "state" / f"{name}.db")) as db:
            assert db.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    assert {event["id"] for event, _ in read_books(out / "state/hub-home.db").said} >= {*before}


def test_no_process_starts_while_a_restore_is_unfinished(house: House):
    """It says how to go on, and ends with 78, so that systemd does not restart it for ever."""
    house.write_handler("one", "done(event)")
    (house.folder / NOTE).write_text('{"steps": [], "rest": []}')
    for name in ("hub", "one"):
        house.start(name, wait=False)
        assert house.processes[name].wait(PATIENCE_S) == os.EX_CONFIG
        assert "sudo doorbell restore" in house.log(name)
    assert "finished" in _doorbell(house, "restore", str(house.folder / "any.tar.gz")).stdout
    house.start("hub", "one")
