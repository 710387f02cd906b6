"""An update from the earlier wire: processes of both versions run side by side for a while."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.wire.event import uuid7
from tests.house import ROOT, House, until
from tests.servers.brokers import BrokerProcess

BEFORE = "0725396"  # the last state whose topics were ROOT/ROLE/NAME/event/TYPE.WITH.DOTS/SUBJECT
PROGRAMS = {"hub": ["hub.daemon"], "one": ["hub.worker", "one"]}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as it was before."""
    command = ["git", "archive", "--format=tar", BEFORE, "hub", "devices", "config", "handlers"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode and os.environ.get("CI"):
        pytest.fail(
            f"the commit {BEFORE} is missing, and CI must not do without: git fetch --unshallow"
        )
    if done.returncode:
        pytest.skip(f"the commit {BEFORE} is not here: git fetch --unshallow")
    folder = tmp_path_factory.mktemp("earlier")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=done.stdout, check=True)
    return folder


def _start_earlier(house: House, name: str, earlier: Path) -> None:
    config = house.folder / "earlier.toml"
    config.write_text(house.settings_text().replace('root = "doorbell"\n', ""), encoding="utf-8")
    with (house.folder / f"{name}.log").open("ab") as log:
        house.processes[name] = subprocess.Popen(
            [sys.executable, "-m", *PROGRAMS[name], "--config", str(config)],
            cwd=earlier,
            stdout=log,
            stderr=log,
        )
    house.wait_ready(name)


def _press_earlier(house: House) -> str:
    press = uuid7()
    house.ears.publish("doorbell/cli/test/press/home/front", json.dumps({"id": press}))
    topic = "doorbell/hub/home/event/doorbell.pressed/front"
    until(
        lambda: press in [event["id"] for event in house.ears.messages(topic)],
        lambda: f"the bell rings: {house.log('hub')}",
    )
    return press


def test_presses_before_during_and_after_an_update(
    tmp_path: Path, mosquitto: BrokerProcess, earlier: Path
):
    """First the hub, later the handler, which missed presses on both wires: each is done once."""
    with House(tmp_path / "house", mosquitto) as house:
        house.write_handler("one", "done(event)")
        _start_earlier(house, "hub", earlier)
        _start_earlier(house, "one", earlier)
        presses = [_press_earlier(house) for _ in range(3)]
        until(lambda: len(house.effects("one")) == 3, lambda: house.log("one"))
        house.kill("one", signal.SIGTERM)
        presses += [_press_earlier(house) for _ in range(2)]
        house.kill("hub", signal.SIGTERM)
        _start_earlier(house, "one", earlier)
        house.start("hub")
        presses += [house.press() for _ in range(3)]
        assert len(house.effects("one")) == 3, "the earlier wire is not the new one"
        house.kill("one", signal.SIGTERM)
        house.ears.own |= {(topic, load) for topic, load, _ in list(house.ears.heard)}
        house.start("one")
        presses += [house.press() for _ in range(2)]
        until(
            lambda: len(house.effects("one")) >= len(presses),
            lambda: f"all are acted on: {house.effects('one')} {house.log('one')}",
        )
        house.wait_outcome(presses[-1], "one")
        assert sorted(house.acts("one")) == sorted((press, False) for press in presses)
