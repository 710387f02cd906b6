"""Drills with real processes: who reacts, what is reported, and no effect of a visitor's."""

import json
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.forked import PATIENCE_S, Command
from tests.house import House, until
from tests.servers.phone import Phone, phone_service

FOUR = ("notify", "record", "light", "bark")


@pytest.fixture
def phone() -> Iterator[Phone]:
    """A real HTTP server: what would be the phone's service."""
    with phone_service() as phone:
        yield phone


def _furnish(house: House, phone: Phone, camera: str = "test", more: str = "") -> None:
    house.settings = (
        f'[handlers.notify]\nurls = ["{phone.url}"]\n[handlers.record]\ncamera = "{camera}"\n'
        '[handlers.light]\nwhen = "always"\n[handlers.bark]\nspeaker = "simulated"\n' + more
    )


def _begin_drill(house: House, *words: str) -> Command:
    return Command("hub.cli.main", "drill", "--json", "--config", house.config, *words)


def _result(command: Command) -> tuple[int, dict]:
    """The exit code, and what was printed: the whole, and each handler by its name."""
    out, err = command.communicate(timeout=PATIENCE_S)
    assert out, err
    printed = json.loads(out)
    return command.returncode, printed | {one["handler"]: one for one in printed["handlers"]}


def _process_state(house: House, name: str) -> str:
    """`T`: stopped (proc(5), the third field of stat)."""
    return (
        Path(f"/proc/{house.processes[name].pid}/stat")
        .read_text(encoding="utf-8")
        .rpartition(")")[2]
        .split()[0]
    )


def test_a_drill_reaches_everybody_and_disturbs_nobody(house: House, phone: Phone):
    """All four react by their dry runs; nothing is sent, recorded, switched, played or pressed."""
    _furnish(house, phone)
    house.start("hub", *FOUR)
    code, result = _result(_begin_drill(house))
    assert (code, result["works"], [one["handler"] for one in result["handlers"]]) == (
        0,
        True,
        sorted(FOUR),
    )
    assert "1 of 1 services answer" in result["notify"]["words"]
    assert result["record"]["words"].startswith("a picture of ")
    assert all(house.ears.outcomes(result["drill"], name) == ["handler.done"] for name in FOUR)
    until(lambda: phone.connections, "its host was asked")
    (drill,) = house.ears.events("doorbell.drilled")
    assert drill["data"] == {"name": "Front door", "via": "command"}
    assert (
        house.ears.events("doorbell.pressed")
        == house.ears.events("snapshot.taken")
        == phone.told
        == []
    )
    left = {
        path.name for path in house.state_dir.rglob("*") if path.suffix in (".jpg", ".mp4", ".wav")
    }
    assert left == {"bark.wav"}  # what it would play, made at its start
    assert not (house.state_dir / "simulated-light").exists()
    assert not (house.state_dir / "heard").exists()


def test_a_handler_that_does_not_react_to_a_press_is_reached_and_not_tried(house: House):
    """Its status says to what it reacts; the command tells that such a handler was not tried."""
    house.write_handler("one", "done(event)")
    house.write_handler("butler", "done(event)", '"visitor.answered"')
    house.settings = '[handlers.butler]\ndoors = ["front"]\n'
    house.start("hub", "one", "butler")
    statuses = [house.statuses(name, "ready")[-1] for name in ("one", "butler")]
    types = [["doorbell.pressed"], ["visitor.answered"]]
    assert [status["reacts_to"] for status in statuses] == types
    assert [status.get("doors") for status in statuses] == [None, ["front"]]
    code, result = _result(_begin_drill(house))
    assert (code, result["one"]["outcome"], result["butler"]["outcome"]) == (0, "done", "reached")
    shown = Command("hub.cli.main", "drill", "--config", house.config)
    out, err = shown.communicate(timeout=PATIENCE_S)
    assert "✓ 1 works; not tried: butler" in out, err
    assert "does not react to doorbell.pressed" in out
    house.kill("one")
    shown = Command("hub.cli.main", "drill", "--timeout", "1", "--config", house.config)
    out, err = shown.communicate(timeout=PATIENCE_S)
    assert "✗ 1 of 1 does not work: one; not tried: butler" in out, err


def test_where_nothing_reacts_to_a_press_nothing_is_said_to_work(house: House):
    """It is no fault either."""
    house.write_handler("butler", "done(event)", '"visitor.answered"')
    house.start("hub", "butler")
    shown = Command("hub.cli.main", "drill", "--config", house.config)
    out, err = shown.communicate(timeout=PATIENCE_S)
    assert "· nothing was tried: no handler here reacts to a press" in out, err
    assert shown.returncode == 0


def test_a_stopped_handler_is_missing_and_goes_on_afterwards(house: House, phone: Phone):
    """A late handler is reported with exit code 1, and goes on in any case, also on Ctrl-C."""
    _furnish(house, phone)
    house.start("hub", "light", "bark")
    code, result = _result(_begin_drill(house, "--slow", "light=60", "--timeout", "1"))
    assert (code, result["light"]["outcome"], result["bark"]["outcome"]) == (1, "missing", "done")
    house.wait_outcome(result["drill"], "light")
    command = _begin_drill(house, "--slow", "light=60", "--timeout", "60")
    until(lambda: _process_state(house, "light") == "T", "it is stopped")
    command.send_signal(signal.SIGINT)
    command.communicate(timeout=PATIENCE_S)
    until(lambda: _process_state(house, "light") != "T", "it goes on")


def test_a_killed_handler_reacts_when_it_is_back(house: House, phone: Phone):
    """A restarted handler catches the drill up; a broken dry run is reported with its reason."""
    _furnish(house, phone, camera="rtsp://127.0.0.1:1/none")
    house.start("hub", "light", "record")
    command = _begin_drill(house, "--kill", "light")
    assert house.processes["light"].wait(PATIENCE_S) == -signal.SIGKILL
    until(lambda: house.ears.events("doorbell.drilled"), "the drill is said")
    house.start("light")
    code, result = _result(command)
    assert (code, result["light"]["outcome"], result["record"]["outcome"]) == (1, "done", "dead")
    assert result["light"]["words"].startswith("after a restart; the lamp is off")
    assert "gives no picture" in result["record"]["words"]


@pytest.mark.parametrize(
    "broker", ["embedded"], indirect=True
)  # what is told does not depend on it
def test_who_cannot_be_drilled_is_told(house: House, phone: Phone):
    """Without a hub, with an unknown name: a sentence and exit code 1, and nobody is harmed."""
    _furnish(house, phone)
    house.start("bark")
    for words, said in (
        ((), "the hub 'home' does not answer"),
        (("--kill", "brak"), "brak: there is no such handler"),
    ):
        _, err = (command := _begin_drill(house, *words)).communicate(timeout=PATIENCE_S)
        assert (command.returncode, said in err) == (1, True), err
    assert house.processes["bark"].poll() is None


@pytest.mark.parametrize(
    "broker", ["mosquitto"], indirect=True
)  # a house with a nightly drill has its own
def test_a_nightly_drill_tells_the_phone_what_no_longer_works(house: House, phone: Phone):
    """A broken camera and a dead handler are reported at night, once even after a restart."""
    house.has_set_clock = True
    at = datetime.now() - timedelta(minutes=1)  # noqa: DTZ005 - the setting holds local time
    _furnish(
        house, phone, "rtsp://127.0.0.1:1/none", f"[drill]\nat = {at:%H:%M:%S}\ntimeout_s = 5\n"
    )
    house.start("notify", "record", "bark")
    house.kill("bark")
    until(lambda: house.statuses("bark", "offline"), "the broker says that it is gone")
    house.start("hub")
    (told,) = until(
        lambda: phone.told, lambda: f"the phone is told: {house.log('hub')} {house.log('notify')}"
    )
    camera, dog = sorted(told["message"].splitlines(), reverse=True)
    assert camera.startswith(
        "The doorbell's record does not work: the camera rtsp://127.0.0.1:1/none gives no picture"
    )
    assert dog == "The doorbell's bark does not work: it did not answer (offline: it vanished)"
    until(
        lambda: any("record does not work" in s["detail"] for s in house.statuses("hub", "ready")),
        "its status, too",
    )
    assert "drill: record does not work" in house.log("hub")
    house.kill("hub", signal.SIGTERM)
    house.start("hub")
    press = house.press()
    house.wait_outcome(press, "notify")
    assert len(house.ears.events("doorbell.drilled")) == 1


def test_the_bell_never_rings_by_itself(house: House):
    """Retained junk, a flapping broker and restarts neither ring nor drill; a press rings."""
    house.write_handler("one", "done(event)")
    house.start("hub", "one")
    for _ in range(2):
        said = {name: len(house.statuses(name, "ready")) for name in ("hub", "one")}
        house.broker.stop(signal.SIGKILL)
        house.broker.start()
        until(
            lambda said=said: all(len(house.statuses(n, "ready")) > said[n] for n in said),
            "both are back",
        )
    house.kill("hub")
    for kind in ("press", "drill"):
        house.ears.publish(
            f"doorbell/cli/x/command/{kind}/home/front", json.dumps({"id": "0" * 36}), retain=True
        )
    for name in ("hub", "one", "hub"):
        if name in house.processes:
            house.kill(name)
        house.start(name)
    refused = "it is retained, and a command is given once"  # logged once by each hub
    until(lambda: house.log("hub").count(refused) >= 2, lambda: house.log("hub"))
    assert (
        house.ears.events("doorbell.pressed")
        == house.ears.events("doorbell.drilled")
        == house.effects("one")
        == []
    )
    press = house.press()
    house.wait_outcome(press, "one")
    assert (
        [event["id"] for event in house.ears.events("doorbell.pressed")]
        == house.effects("one")
        == [press]
    )
