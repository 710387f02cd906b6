"""hub/asyncapi.yaml: it is AsyncAPI, it leaves nothing out, and it notices what is wrong."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft7Validator

from config import Trigger
from hub.wire import channels, topics
from hub.wire.asyncapi.__main__ import text
from hub.wire.command import COMMANDS
from hub.wire.event import Event, encode
from hub.wire.retained.status import STATES
from hub.wire.topics import Topics
from tests import contract
from tests.house import ROOT
from tests.needs import miss

HOUSE = Topics()
PRESSED = Event(
    id="01890000-0000-7000-8000-000000000000",
    type="doorbell.pressed",
    source="doorbell/hub/home",
    subject="front",
    time=datetime(2026, 1, 1, tzinfo=UTC),
    data={"name": "Front door", "via": "button"},
    sequence=1,
    epoch="0" * 16,
    traceparent=f"00-{'1' * 32}-{'2' * 16}-01",
)
TOPIC = HOUSE.of_event(PRESSED)
WIRE = json.loads(encode(PRESSED))


def _schema() -> Path:
    """AsyncAPI's own schema (`npm install @asyncapi/specs`), which ASYNCAPI_SCHEMA names."""
    path = os.environ.get("ASYNCAPI_SCHEMA")
    install = "npm install @asyncapi/specs, and name its schemas/3.0.0.json in ASYNCAPI_SCHEMA"
    return Path(path or miss("AsyncAPI's JSON Schema", install))


def test_it_is_asyncapi():
    """The document is valid by AsyncAPI's own JSON Schema."""
    validator = Draft7Validator(json.loads(_schema().read_text(encoding="utf-8")))
    assert [
        f"{fault.json_path}: {fault.message[:200]}"
        for fault in validator.iter_errors(contract.DOCUMENT)
    ] == []


def test_every_reference_leads_somewhere():
    """No $ref points at what is not there, and each schema is one."""
    text = contract.PATH.read_text(encoding="utf-8")
    for reference in set(re.findall(r'"\$ref": "([^"]+)"', text)):
        assert contract.resolve({"$ref": reference})
    for schema in contract.DOCUMENT["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def test_every_channel_has_an_operation():
    """Whoever reads the operations reads of every channel; an answer is the reply to a question."""
    operations = contract.DOCUMENT["operations"].values()
    used = [
        item["$ref"]
        for o in operations
        for item in (o["channel"], o.get("reply", {}).get("channel"))
        if item
    ]
    assert {name.rpartition("/")[2] for name in used} == set(contract.DOCUMENT["channels"])


def test_the_file_is_what_the_program_generates():
    """To change it: change hub/wire, then `python -m hub.wire.asyncapi > hub/asyncapi.yaml`."""
    assert contract.PATH.read_text(encoding="utf-8") == text()


def test_no_process_loads_the_generator():
    """It is for developers: the hub and the handlers have nothing of it in memory."""
    code = "import sys, hub.daemon, hub.worker; print([m for m in sys.modules if 'asyncapi' in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("root", ["doorbell", "homes/cottage"])
def test_every_topic_has_its_channel(root):
    """Whatever a process may publish, below whatever root, belongs to a channel of that meaning."""
    house = Topics(root)
    hub, cli = topics.source("hub", "home"), topics.source("cli", "1")
    made = {
        "status": house.status(hub),
        "query": house.query(hub, topics.EVERY),
        "reply": house.reply(hub, "notify"),
        "quiet": house.quiet(hub),
        "picture": house.picture(topics.source("handler", "record"), "home", "front"),
        "ring": house.ring(hub, "front"),
        "door": house.door(hub, "front"),
        "health": house.health(hub),
        "doorbellPressed": house.event(hub, topics.PRESSED, "front"),
        "ownType": house.event(topics.source("handler", "flag"), "flag.raised.high", "front"),
        "producedType": house.event(topics.source("producer", "shop"), "order.placed", "shop"),
        "clockTime": house.event(hub, "clock.tea", "home"),
    }
    for name, kind in COMMANDS.items():
        target = ("home", "front", "front")[: len(kind.target)]
        made[f"{name}Command"] = house.command(cli, name, *target)
    assert {name: contract.channel_of(topic) for name, topic in made.items()} == {
        name: name for name in made
    }
    assert set(channels.CHANNELS) - set(made) == {"event"}


def test_every_event_type_has_its_message():
    """Each type of the hub, the consumer loop and the handlers is described with its data."""
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("hub", "handlers")
        for path in sorted((ROOT / room).rglob("*.py"))
        if path.name
        not in {
            "telemetry.py",
            "event_types.py",
            "install.py",
            "uninstall.py",
        }  # a span's attributes, the document itself, files
    )
    said = set(re.findall(r'"((?:doorbell|handler|visitor|clock)\.[a-z_]+)"', code))
    said -= {unit.name for unit in (ROOT / "systemd").iterdir()}
    said |= set(get_args(Trigger.model_fields["say"].annotation))
    said |= set(
        re.findall(
            r'\bemit\("([a-z_.]+)"',
            "\n".join(p.read_text("utf-8") for p in (ROOT / "handlers").glob("*.py")),
        )
    )
    channels = [channel["address"].split("/") for channel in contract.DOCUMENT["channels"].values()]
    types = {".".join(levels[4:-1]) for levels in channels if levels[3] == "event"}
    assert said == types - {"{ownType}", "clock.{clockTime}"}


def test_the_states_are_the_status_states():
    """No process can be in a state that the contract does not know."""
    schema = contract.DOCUMENT["components"]["schemas"]["status"]
    assert tuple(schema["properties"]["state"]["enum"]) == STATES


def test_what_is_right_is_right():
    """An event as it is encoded, one with an attribute of tomorrow, and a handler's own."""
    own = WIRE | {
        "source": "doorbell/handler/flag",
        "type": "flag.raised",
        "data": {"whatever": [1]},
    }
    assert contract.faults(TOPIC, encode(PRESSED)) == []
    assert contract.faults(TOPIC, json.dumps(WIRE | {"tomorrow": "x"}).encode()) == []
    assert (
        contract.faults("doorbell/handler/flag/event/flag/raised/front", json.dumps(own).encode())
        == []
    )


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (TOPIC, WIRE | {"sequence": 1}),
        (TOPIC, WIRE | {"time": "2026-01-01T00:00:00"}),
        (TOPIC, WIRE | {"bootid": "0" * 16}),
        (TOPIC, WIRE | {"Bad_Name": 1}),
        (TOPIC, WIRE | {"subject": "back"}),
        (TOPIC, WIRE | {"data": {"name": "Front door"}}),
        (TOPIC, WIRE | {"data": {"name": "Front door", "via": "button", "who": "?"}}),
        (TOPIC, {key: WIRE[key] for key in WIRE if key != "epoch"}),
        (TOPIC.replace("hub", "handler"), WIRE),
        ("doorbell/hub/home/stauts", {"state": "ready", "reason": ""}),
        ("doorbell/hub/home/status", {"state": "well", "reason": ""}),
        (
            "doorbell/hub/home/status",
            {"state": "ready", "reason": "it is well", "detail": ""},
        ),
        ("doorbell/cli/1/command/press/home/front", {"id": 1}),
        (
            "doorbell/handler/a/query/doorbell/pressed",
            {"request": "1", "cursors": [["x"]], "known": [], "since": 0},
        ),
        (
            "doorbell/handler/evil/reply/a",
            {
                "request": "1",
                "source": "doorbell/hub/home",
                "heads": [],
                "events": [],
                "more": False,
            },
        ),
        (
            "doorbell/hub/home/reply/a",
            {
                "request": "1",
                "source": "doorbell/hub/home",
                "heads": [{"stream": PRESSED.stream, "epoch": "0" * 16, "after": 0, "last": 1}],
                "events": [WIRE | {"data": {}}],
                "more": False,
            },
        ),
    ],
)
def test_what_is_wrong_is_noticed(topic: str, payload: object):
    """A wrong topic, a missing or malformed field, one too many, and what contradicts its topic."""
    assert contract.faults(topic, json.dumps(payload).encode())
