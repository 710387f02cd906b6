"""The answer service and its client: one event for each command, confirmed each time."""

import json

import pytest

from config import Settings
from hub.features.commands.answer_service import AnswerService
from hub.producer.producer import Producer
from hub.producer.reporter import Reporter
from hub.remote import confirmed
from hub.remote.answer import AnswerClient
from hub.remote.confirmed import UnconfirmedError
from hub.store.state import StateError
from hub.wire.event import uuid7
from tests.forked import PATIENCE_S
from tests.hub.fakes import HOUSE, HUB, ring

WEB = "doorbell/web/home"
CLI = "doorbell/cli/1"


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """However slow the machine is; the command is repeated soon."""
    monkeypatch.setattr(confirmed, "PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(confirmed, "AGAIN_S", 0.05)


@pytest.fixture
def hub(states, net):
    bus = net.bus()
    producer = Producer(states("hub"), bus, HUB)
    producer.reporter = Reporter(producer)
    producer.settings = Settings()
    AnswerService(producer.settings, producer.reporter, producer, bus)
    return producer


def _command(net, source=WEB, door="front", *, retained=False, hub="home", **command):
    fields = {"id": uuid7(), "answer": "coming"} | command
    net.take(
        HOUSE.command(source, "answer", hub, door), json.dumps(fields).encode(), retained=retained
    )
    return fields["id"]


def _published(net):
    return net.events("visitor.answered")


def test_an_answer_follows_from_the_press_that_it_answers(net, hub):
    """It has the command's id, names who answered and what, and belongs to the press's trace."""
    press = ring(hub)
    command = _command(net, by="anna", press=press.id)
    (event,) = _published(net)
    assert (event.id, event.door, event.cause) == (command, "front", press.id)
    assert event.data == {
        "name": "Front door",
        "via": "link",
        "answer": "coming",
        "by": "anna",
        "press": press.id,
    } | {"late": False}
    assert event.traceparent.split("-")[1] == press.traceparent.split("-")[1]


@pytest.mark.parametrize(
    ("ages", "late"),
    [
        ([30], False),
        ([200, 100, 30], False),  # one visitor, who rings again
        ([600], True),  # the visitor has left
        ([600, 5], True),  # and another one waits now
    ],
)
def test_an_answer_to_a_visitor_who_has_left_is_late(net, hub, ages, late):
    """The next visitor must not take it for theirs: no LED shows it, no voice speaks it."""
    first, *_ = [ring(hub, age_s=age_s) for age_s in ages]
    _command(net, press=first.id)
    (event,) = _published(net)
    assert event.data["late"] is late


def test_a_visitor_waits_as_long_as_the_settings_say(net, hub):
    """The handler `visit` counts in the same way."""
    hub.settings.handlers["visit"] = {"missed_after_s": 900}
    for age_s in (1000, 600):
        _command(net, press=ring(hub, age_s=age_s).id)
    assert [event.data["late"] for event in _published(net)] == [True, False]


@pytest.mark.parametrize(("ahead_h", "after_s", "late"), [(-3, 15, False), (3, 600, True)])
def test_a_clock_that_is_set_makes_no_answer_late(net, hub, ahead_h, after_s, late):
    """A Raspberry Pi boots at a wrong time; only how long the visitor has waited counts."""
    clock = hub._state.clock
    clock.ahead_s, clock.synchronised = ahead_h * 3600.0, False
    press = ring(hub, at=clock.utc())
    clock.ahead_s, clock.synchronised, clock.passed_s = 0.0, True, after_s
    _command(net, press=press.id)
    (event,) = _published(net)
    assert event.data["late"] is late


def test_an_answer_needs_no_known_press(net, hub):
    """The press may have left the journal, or there was none."""
    _command(net, CLI, press=uuid7())
    _command(net, CLI)
    assert [(event.cause, event.data["via"]) for event in _published(net)] == [
        (None, "command")
    ] * 2


def test_a_repeated_command_is_one_event(net, hub):
    """It is published again as a confirmation, with the same id and number."""
    command = _command(net)
    _command(net, id=command)
    first, again = _published(net)
    assert (first.id, first.sequence) == (again.id, again.sequence) == (command, 1)


def test_the_id_of_a_press_is_no_answer(net, hub):
    """Nor is the press published again: it rings once."""
    press = ring(hub)
    _command(net, id=press.id)
    assert _published(net) == []
    assert len(net.events("doorbell.pressed")) == 1


def test_an_answer_that_cannot_be_written_is_reported_later_and_once(net, hub, monkeypatch):
    """It waits in memory; a repeat meanwhile does not wait twice."""
    real = hub.publish

    def fail(*_, **__):
        raise StateError("full")

    monkeypatch.setattr(hub, "publish", fail)
    command = _command(net)
    _command(net, id=command)
    monkeypatch.setattr(hub, "publish", real)
    hub.reporter.settle()
    assert [event.id for event in _published(net)] == [command]


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "short"},
        {"id": 7},
        {"answer": ""},
        {"answer": " "},
        {"answer": "two\nlines"},
        {"answer": "x" * 201},
        {"answer": None},
        {"by": "x" * 65},
        {"by": "a\nb"},
        {"by": ["anna"]},
        {"press": "no id"},
        {"door": "cellar"},
        {"hub": "other"},
        {"source": "doorbell/handler/evil"},
        {"retained": True},
    ],
    ids=str,
)
def test_an_invalid_answer_is_refused(net, hub, bad):
    """Whatever is wrong with it; the next valid one is taken."""
    if bad.pop("retained", False):
        topic = HOUSE.command(WEB, "answer", "home", "front")
        for bus in net._buses:
            bus.hear(topic, json.dumps({"id": uuid7(), "answer": "coming"}).encode(), retained=True)
    else:
        _command(net, **bad)
    assert _published(net) == []
    _command(net)
    assert len(_published(net)) == 1


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"\xff", b"[" * 9000, b'"text"', b"null"])
def test_an_answer_in_json_has_to_be_an_object(net, hub, payload):
    """Anything else, and what is no text, is acknowledged and dropped."""
    net.take(HOUSE.command(WEB, "answer", "home", "front"), payload)
    assert _published(net) == []


def test_the_client_gets_a_confirmation(net, hub):
    """For a repeat, too, although it is one event."""
    answerer = AnswerClient(net.bus(), Settings(), WEB)
    command = uuid7()
    assert answerer.answer("front", "leave_it", by="anna", id=command).id == command
    assert answerer.answer("front", "leave_it", by="anna", id=command).id == command
    assert len({event.id for event in _published(net)}) == 1
    assert answerer._commands._waiting == answerer._commands._confirmed == {}


def test_a_command_without_confirmation_is_repeated_with_its_id(net, hub):
    """So that a hub that restarts takes it once."""
    lost = []
    net.fate = lambda topic, _: (
        0 if "/command/answer/" in topic and len(lost) < 2 and not lost.append(topic) else 1
    )
    AnswerClient(net.bus(), Settings(), WEB).answer("front", "coming")
    assert len(lost) == 2
    assert len(_published(net)) == 1


def test_without_a_hub_or_a_broker_an_answer_is_an_error(net, monkeypatch):
    """After a while, with what to do."""
    monkeypatch.setattr(confirmed, "PATIENCE_S", 0.3)
    with pytest.raises(UnconfirmedError, match="the hub 'home' does not answer"):
        AnswerClient(net.bus(), Settings(), WEB).answer("front", "coming")
    with pytest.raises(UnconfirmedError, match="no broker at"):
        AnswerClient(net.bus(connected=False), Settings(), WEB).answer("front", "coming")


def test_a_bare_text_is_one_answer(net, hub):
    """The hub makes its id; the same text a moment later is the same answer."""
    for text in (b"coming", b"coming", b"Bin im Garten"):
        net.take(HOUSE.command(CLI, "answer", "home", "front"), text)
    said = [(event.data["answer"], event.data["via"]) for event in _published(net)]
    assert said == [("coming", "command"), ("Bin im Garten", "command")]
