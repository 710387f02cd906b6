"""`doorbell events` and `doorbell trace`, on real processes."""

import json
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.forked import PATIENCE_S
from tests.house import House, until
from tests.system.commands.test_commands import doorbell

PRESSES = "SELECT id FROM record WHERE type = 'doorbell.pressed' ORDER BY id"


def ask(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    """A command about this house."""
    return doorbell(house.folder, *words, "--config", str(house.config))


@pytest.fixture
def traced(mosquitto, tmp_path):
    """A house whose handlers say something, fail once, and are logged."""
    with House(tmp_path / "house", mosquitto) as house:
        house.write_handler("one", 'emit("flag.raised", {"high": True})\nreturn "up"')
        house.write_handler(
            "two",
            'if event.attempt < 2:\n    raise ValueError("stuck")',
            '"flag.raised", backoff_s=0.01',
        )
        house.start("hub", "one", "two", "log")
        yield house


def test_one_press_is_told_from_the_button_to_the_last_effect(traced: House):
    """With and without the log: what it did not write down, the journals know."""
    press = traced.press()
    (flag,) = until(lambda: traced.ears.events("flag.raised"), "the flag is raised")
    traced.wait_outcome(flag["id"], "two")
    traced.wait_outcome(press, "log")
    for name in (press, press[-8:], "last"):
        shown = ask(traced, "trace", name)
        assert shown.returncode == 0, shown.stderr
        lines = shown.stdout.splitlines()
        assert "Front door  doorbell.pressed" in lines[0]
        assert "seen by home · journaled +" in lines[2]
        assert "✓ one  received +" in shown.stdout
        assert "flag.raised published at" in shown.stdout
        assert "↻ attempt 1" in shown.stdout
        assert "stuck; again in" in shown.stdout
        assert "✓ attempt 2" in shown.stdout
    told = [json.loads(line) for line in ask(traced, "trace", press, "--json").stdout.splitlines()]
    assert {event["id"] for event in told} >= {press, flag["id"]}
    assert len({event["traceparent"].split("-")[1] for event in told}) == 1
    assert told[0]["journaled_s"] >= 0


def test_the_log_outlives_the_journals(traced: House):
    """The log holds each press although its process was killed and every other file is gone."""
    presses = [traced.press() for _ in range(3)]
    traced.kill("log")
    presses.append(traced.press())
    traced.start("log")
    for press in presses:
        traced.wait_outcome(press, "log")
        traced.wait_outcome(press, "one")
    for name in ("hub", "one", "two", "log"):
        traced.kill(name)
    for file in traced.state_dir.glob("*.db"):
        if file.stem != "log":
            file.unlink()
    listed = ask(traced, "events", "--type", "doorbell.pressed", "--json")
    assert [json.loads(line)["id"] for line in listed.stdout.splitlines()] == presses


def test_a_power_cut_does_not_part_the_log_from_its_place(traced: House):
    """What had not reached the disk comes again: no visit is missing, and none is double."""
    first = traced.press()
    traced.wait_outcome(first, "log")
    file = traced.state_dir / "log.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    presses = [first, traced.press(), traced.press()]
    for press in presses:
        traced.wait_outcome(press, "log")
    traced.kill("log")
    (file.with_name("log.db-wal")).unlink()  # what a power cut may take
    with closing(sqlite3.connect(file)) as db:
        assert db.execute(PRESSES).fetchall() == [(first,)]
    traced.start("log")

    def kept() -> list[str]:
        with closing(sqlite3.connect(file)) as db:
            return [press for (press,) in db.execute(PRESSES)]

    until(lambda: kept() == presses, lambda: f"{kept()} of {presses}: {traced.log('log')}")


def test_events_are_listed_and_filtered(traced: House):
    """A line each, the newest last; what is asked for in words that mean nothing is told."""
    press = traced.press()
    traced.wait_outcome(press, "one")
    listed = ask(traced, "events", "--since", "1h", "--door", "front")
    first = listed.stdout.splitlines()[0]
    assert first.split()[2:] == [press[-8:], "front", "home", "doorbell.pressed"]
    assert "✓ done doorbell.pressed in" in listed.stdout
    assert ask(traced, "events", "--until", "1h").stdout == ""
    wrong = ask(traced, "events", "--since", "yesterday-ish")
    assert wrong.returncode == 2
    assert "not a time" in wrong.stderr
    assert ask(traced, "events", "--door", "cellar").returncode == 78
    nobody = ask(traced, "trace", "ffff")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "✗ ffff: no such event is kept." in nobody.stderr


def test_where_nothing_happened_the_commands_say_so(tmp_path):
    """No state: probably the wrong folder."""
    for command in (["events"], ["trace", "last"]):
        told = doorbell(tmp_path, *command)
        assert told.returncode == 1
        assert "nothing has happened here" in told.stderr


def test_an_attempt_that_its_process_did_not_survive_is_told(traced: House):
    """Killed in `one`: the trace shows both attempts, and why the first has no outcome."""
    died = traced.folder / "died"
    traced.kill("one")
    traced.write_handler(
        "one",
        f"died = {str(died)!r}\nif not os.path.exists(died):\n"
        "    open(died, 'w').close()\n    os.kill(os.getpid(), 9)\ndone(event)",
    )
    traced.start("one")
    press = traced.press()
    assert traced.processes["one"].wait(PATIENCE_S) == -9
    traced.start("one")
    traced.wait_outcome(press, "one")
    shown = ask(traced, "trace", press).stdout
    assert "✗ attempt 1  no outcome: its process died" in shown
    assert "✓ attempt 2, redelivered" in shown
