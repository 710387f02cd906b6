"""A command about recordings becomes one event, which their recorder gets whenever it can."""

import json

import pytest

from config import Settings
from hub.features.commands.recordings_service import RecordingsService
from hub.producer.producer import Producer
from hub.producer.reporter import Reporter
from hub.remote import confirmed
from hub.remote.confirmed import UnconfirmedError
from hub.remote.recordings import RecordingsClient
from hub.wire.event import uuid7
from hub.wire.recordings import Recordings
from tests.hub.fakes import HOUSE, HUB, ring

WEB = "doorbell/web/home"


@pytest.fixture
def hub(states, net):
    bus = net.bus()
    producer = Producer(states("hub"), bus, HUB)
    RecordingsService(Settings(), Reporter(producer), producer, bus)
    return producer


def _command(net, door="front", **fields):
    fields = {"id": uuid7(), "visit": "a-press", "action": "delete"} | fields
    net.take(HOUSE.command(WEB, "recordings", "home", door), json.dumps(fields).encode())
    return fields["id"]


def test_a_repeated_command_is_one_event(net, hub):
    """It follows from its press, and is published again as the confirmation."""
    press = ring(hub)
    command = _command(net, visit=press.id, files=["20261123-150211-front-a1b2c3.jpg"])
    _command(net, id=command, visit=press.id)
    first, again = net.events("doorbell.recordings_wanted")
    assert (first.id, first.cause, first.subject) == (command, press.id, "front")
    assert first.data["files"] == ["20261123-150211-front-a1b2c3.jpg"]
    assert (first.id, first.sequence) == (again.id, again.sequence)


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "burn"},
        {"files": ["../front.jpg"]},
        {"files": ["/etc/passwd"]},
        {"files": ["a.jpg"] * 41},
        {"id": "1"},
    ],
)
def test_what_is_malformed_becomes_no_event(net, hub, fields):
    """Neither an unknown action, nor a name with a folder."""
    _command(net, **fields)
    assert net.events("doorbell.recordings_wanted") == []


def test_the_page_waits_for_the_confirmation(net, hub, monkeypatch):
    """Without a hub it says so, and nothing is deleted."""
    client = RecordingsClient(net.bus(), Settings(), WEB)
    client.give(Recordings(uuid7(), "a-press", "keep"), "front")
    assert net.events("doorbell.recordings_wanted")[0].data["action"] == "keep"
    monkeypatch.setattr(confirmed, "PATIENCE_S", 0.05)
    lost = RecordingsClient(net.bus(), Settings(hub="other"), WEB)
    with pytest.raises(UnconfirmedError, match="does not answer"):
        lost.give(Recordings(uuid7(), "a-press", "keep"), "front")
