"""docs/protocol.md: what it tells a stranger to type does what it says."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import contract
from tests.forked import PATIENCE_S
from tests.house import ROOT, Ears, House, until
from tests.needs import miss, packages
from tests.servers.brokers import BrokerProcess

PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
CLIENTS = ("mosquitto_sub", "mosquitto_pub", "mosquitto_rr")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def shell(mosquitto: BrokerProcess, tmp_path: Path) -> dict[str, str]:
    """An environment in which the clients find the broker by their files, as the page says."""
    if missing := [client for client in CLIENTS if not shutil.which(client)]:
        miss(" and ".join(missing), packages("mosquitto-clients"))
    for client in CLIENTS:
        (tmp_path / client).write_text(f"-h 127.0.0.1\n-p {mosquitto.port}\n", encoding="utf-8")
    return {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}


def _run(command: str, shell: dict[str, str]) -> str:
    return subprocess.run(
        ["sh", "-c", command],
        env=shell,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    ).stdout


def test_the_commands_of_the_page_do_what_it_says(
    shell: dict[str, str], mosquitto: BrokerProcess, tmp_path: Path
):
    """A listener hears a press, a shell presses, the status is retained, a query gets its reply."""
    listen, press, bare, answer, hush, is_quiet, _see, _take, _keep, status, ask = _blocks("sh")
    with House(tmp_path / "house", mosquitto) as house:
        house.start("hub")
        assert json.loads(_run(status, shell))["state"] == "ready"
        with subprocess.Popen(
            ["sh", "-c", listen], env=shell, stdout=subprocess.PIPE, text=True
        ) as listener:
            until(lambda: _run(press, shell) or listener.poll() == 0, "the listener hears a press")
            heard = json.loads(listener.communicate(timeout=PATIENCE_S)[0])
        assert (heard["type"], heard["subject"]) == ("doorbell.pressed", "front")
        _run(bare, shell)
        until(
            lambda: any(event["id"] != heard["id"] for event in house.ears.events(heard["type"])),
            "a bare word is a press with an id of its own",
        )
        _run(answer, shell)
        (said,) = until(lambda: house.ears.events("visitor.answered"), "the hub says the answer")
        assert (said["data"]["answer"], said["data"]["via"]) == ("coming", "command")
        _run(hush, shell)
        until(
            lambda: json.loads(_run(is_quiet, shell))["command"] == "my-nap", "the house is quiet"
        )
        page = json.loads(_run(ask, shell))
        assert page["request"] == "1"
        assert heard["id"] in [event["id"] for event in page["events"]]


def test_the_examples_of_the_page_are_by_the_contract():
    """The event and the question that it shows are such as are sent."""
    event, quiet, ring, door, health, question = (json.loads(one) for one in _blocks("json"))
    shown = {
        f"{event['source']}/event/{event['type'].replace('.', '/')}/{event['subject']}": event,
        "doorbell/hub/home/quiet": quiet,
        "doorbell/hub/home/ring/front": ring,
        "doorbell/hub/home/door/front": door,
        "doorbell/hub/home/health": health,
        "doorbell/cli/shell/query/doorbell/pressed": question,
    }
    for topic, message in shown.items():
        assert contract.faults(topic, json.dumps(message).encode()) == []


def test_every_channel_and_field_stands_in_the_page():
    """Each kind of topic and each field of a message is explained."""
    kinds = {channel["address"].split("/")[3] for channel in contract.DOCUMENT["channels"].values()}
    schemas = contract.DOCUMENT["components"]["schemas"]
    commands = ("answerCommand", "quietCommand")
    states = ("status", "quiet", "ring", "door", "health")
    messages = ("event", "query", "reply", *states, *commands)
    fields = [name for message in messages for name in schemas[message]["properties"]]
    assert [kind for kind in kinds if f"NAME/{kind}" not in PAGE] == []
    assert [name for name in fields if f'"{name}"' not in PAGE and f"`{name}`" not in PAGE] == []


def test_a_house_notices_what_breaks_the_contract(mosquitto: BrokerProcess, tmp_path: Path):
    """A process's wrong message fails its test; what the test itself forged does not."""
    wrong = ("doorbell/hub/home/status", '{"state": "fine"}')
    with House(tmp_path / "calm", mosquitto) as calm:
        calm.ears.publish(*wrong)
        until(lambda: calm.ears.heard, "the forged status is heard")
    bad = House(tmp_path / "bad", mosquitto)
    stranger = Ears(mosquitto.port)
    stranger.publish(*wrong)
    until(lambda: bad.ears.heard, "the wrong status is heard")
    stranger.close()
    with pytest.raises(AssertionError, match="'fine' is not one of"):
        bad.__exit__(None)
