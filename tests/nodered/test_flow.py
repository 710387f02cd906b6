"""The example's flow imports and runs in a real Node-RED, with a real hub."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.wire.event import uuid7
from tests.house import ROOT, House, until
from tests.nodered.node_red import Flow, NodeRed, node_red
from tests.servers.brokers import BrokerProcess

EXAMPLE = ROOT / "examples" / "node-red" / "doorbell.json"
REPEATED = uuid7()
TAPPED = {"doorbell-ring": "tapped/ring", "doorbell-visit": "tapped/visit"}


@pytest.fixture
def house(our_mosquitto: BrokerProcess, tmp_path: Path) -> Iterator[House]:
    """A hub with one door."""
    with House(tmp_path / "house", our_mosquitto) as one:
        one.start("hub")
        yield one


@pytest.fixture
def flow(house: House) -> Flow:
    """The example on our broker; what leaves two of its nodes is also published."""
    nodes: Flow = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    for node in list(nodes):
        if node["type"] == "mqtt-broker":
            node["port"] = str(house.port)
        if topic := TAPPED.get(node["id"]):
            tap = {"id": f"{node['id']}-tap", "type": "mqtt out", "z": node["z"], "topic": topic}
            nodes.append({**tap, "broker": "doorbell-broker", "qos": "1", "wires": []})
            node["wires"][0].append(tap["id"])
    return nodes


@pytest.fixture
def running(house: House, flow: Flow, tmp_path: Path) -> Iterator[NodeRed]:
    """A Node-RED that runs it, and has heard how the door is."""
    (tmp_path / "node-red").mkdir()
    with node_red(tmp_path / "node-red") as one:
        one.import_flow(flow)
        until(lambda: "Connected to broker" in one.log(), lambda: one.log()[-3000:])
        yield one


def test_the_flow_runs(house: House, running: NodeRed, flow: Flow):
    """All its nodes are known; a ring comes once, the visit is followed, commands are obeyed."""
    assert {node["id"] for node in running.flows()} == {node["id"] for node in flow}
    assert "missing types" not in running.log().lower()
    _repeat_ring_until_it_is_heard(house)
    press = house.press()
    until(lambda: _rings(house) == [REPEATED, press], lambda: f"{_rings(house)}")
    until(lambda: _visits(house)[-1:] == ["waiting"], lambda: f"{_visits(house)}")
    running.inject("doorbell-coming")
    until(lambda: house.ears.events("visitor.answered"), "the visitor is answered")
    assert house.ears.events("visitor.answered")[0]["data"]["answer"] == "coming"
    until(lambda: _visits(house)[-1:] == ["answered"], lambda: f"{_visits(house)}")
    running.inject("doorbell-press")
    until(lambda: len(_rings(house)) == 3, lambda: f"{_rings(house)} {running.log()[-2000:]}")
    running.inject("doorbell-quiet")
    until(lambda: house.ears.messages("doorbell/hub/home/quiet")[-1]["quiet"], "it is quiet")
    running.inject("doorbell-drill")
    until(lambda: house.ears.events("doorbell.drilled"), "a drill is made")


def _repeat_ring_until_it_is_heard(house: House) -> None:
    """Node-RED subscribes some time after it is connected; of all these it takes one."""
    ring = {"event_type": "ring", "id": REPEATED, "time": "2026-11-28T12:00:00Z", "age_s": 0.1}

    def is_heard() -> bool:
        house.ears.publish("doorbell/hub/home/ring/front", json.dumps(ring))
        return bool(_rings(house))

    until(is_heard, "Node-RED hears a ring")


def _rings(house: House) -> list[str]:
    return [one["id"] for one in house.ears.messages(TAPPED["doorbell-ring"])]


def _visits(house: House) -> list[str]:
    return [one["visit"] for one in house.ears.messages(TAPPED["doorbell-visit"])]
