"""What a phone says on the page becomes one event, which `notify` hears whenever it can."""

import json

import pytest

from config import Settings
from hub.features.commands.push_service import PushService
from hub.producer.producer import Producer
from hub.producer.reporter import Reporter
from hub.remote import confirmed
from hub.remote.confirmed import UnconfirmedError
from hub.remote.push import PushClient
from hub.wire.event import uuid7
from tests.hub.fakes import HOUSE, HUB

WEB = "doorbell/web/home"


@pytest.fixture
def hub(states, net):
    bus = net.bus()
    producer = Producer(states("hub"), bus, HUB)
    PushService(Settings(), Reporter(producer), producer, bus)
    return producer


def _command(net, phone="annas-phone", **fields):
    fields = {"id": uuid7(), "subscription": "c2VhbGVk"} | fields
    net.take(HOUSE.command(WEB, "subscribe", "home", phone), json.dumps(fields).encode())
    return fields["id"]


def test_a_repeated_command_is_one_event(net, hub):
    """Its subject is the phone; it is published again as the confirmation, with the same number."""
    command = _command(net)
    _command(net, id=command)
    first, again = net.events("doorbell.push_changed")
    assert (first.id, first.subject) == (command, "annas-phone")
    assert first.data == {"subscription": "c2VhbGVk"}
    assert (first.id, first.sequence) == (again.id, again.sequence)


@pytest.mark.parametrize(
    ("phone", "fields"),
    [
        ("Annas Phone", {}),
        ("annas-phone", {"subscription": "not sealed!"}),
        ("annas-phone", {"subscription": "x" * 9000}),
        ("annas-phone", {"id": "1"}),
    ],
)
def test_what_is_malformed_becomes_no_event(net, hub, phone, fields):
    """Neither a name that no topic has, nor a text that no page seals."""
    _command(net, phone, **fields)
    assert net.events("doorbell.push_changed") == []


def test_the_page_waits_for_the_confirmation(net, hub, monkeypatch):
    """The event is the one of its command; without a hub it says so."""
    event = PushClient(net.bus(), Settings(), WEB).change("annas-phone", "")
    assert event.data == {"subscription": ""}
    monkeypatch.setattr(confirmed, "PATIENCE_S", 0.1)
    with pytest.raises(UnconfirmedError):
        PushClient(net.bus(), Settings(hub="cottage"), WEB).change("annas-phone", "")
