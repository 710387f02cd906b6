"""The hub's ear for answers, and who waits for it: one event for each wish, said again to who asks again."""

import json

import pytest

from config import Settings
from hub.features.answer_service import AnswerService
from hub.producer.producer import Producer
from hub.producer.reporter import Reporter
from hub.remote import answer
from hub.remote.answer import AnswerClient, AnswerError
from hub.store.database import StateError
from hub.wire import topics
from hub.wire.event import uuid7
from tests.hub.fakes import HUB, ring

WEB = "doorbell/web/home"
CLI = "doorbell/cli/1"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(answer, "PATIENCE_S", 0.3)
    monkeypatch.setattr(answer, "AGAIN_S", 0.05)


@pytest.fixture
def hub(states, net):
    bus = net.bus()
    producer = Producer(states("hub"), bus, HUB)
    producer.reporter = Reporter(producer)
    AnswerService(Settings(), producer.reporter, producer, bus)
    return producer


def _wish(net, source=WEB, door="front", *, retained=False, hub="home", **wish):
    said = {"id": uuid7(), "answer": "coming"} | wish
    net.take(topics.answered(source, hub, door), json.dumps(said).encode(), retained=retained)
    return said["id"]


def _said(net):
    return net.events("visitor.answered")


def test_an_answer_follows_from_the_press_that_it_answers(net, hub):
    """It has the wish's id, says who and what, and belongs to the press's trace."""
    press = ring(hub)
    wish = _wish(net, by="anna", press=press.id)
    (event,) = _said(net)
    assert (event.id, event.door, event.cause) == (wish, "front", press.id)
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
        ([200, 100, 30], False),  # one visitor, who rings again and again
        ([600], True),  # who rang has gone
        ([600, 5], True),  # and somebody else waits now
    ],
)
def test_an_answer_to_a_visitor_who_has_gone_is_marked(net, hub, ages, late):
    """Nobody else may take it for theirs: no LED, no voice, no end of the calls for who rings now."""
    first, *_ = [ring(hub, age_s=age_s) for age_s in ages]
    _wish(net, press=first.id)
    (event,) = _said(net)
    assert event.data["late"] is late


def test_an_answer_to_no_known_press_is_one_all_the_same(net, hub):
    """The press may be gone from the journal, or be none."""
    _wish(net, CLI, press=uuid7())
    _wish(net, CLI)
    assert [(event.cause, event.data["via"]) for event in _said(net)] == [(None, "command")] * 2


def test_a_wish_said_twice_is_one_event(net, hub):
    """It is published again, for who did not hear it, with the same id and number."""
    wish = _wish(net)
    _wish(net, id=wish)
    first, again = _said(net)
    assert (first.id, first.sequence) == (again.id, again.sequence) == (wish, 1)


def test_the_id_of_a_press_answers_nothing(net, hub):
    """Nor is the press said again: it rings once."""
    press = ring(hub)
    _wish(net, id=press.id)
    assert _said(net) == []
    assert len(net.events("doorbell.pressed")) == 1


def test_a_wish_while_the_disk_takes_nothing_is_said_later_and_once(net, hub, monkeypatch):
    """It waits in memory; said again meanwhile, it does not wait twice."""
    real = hub.say

    def fail(*_, **__):
        raise StateError("full")

    monkeypatch.setattr(hub, "say", fail)
    wish = _wish(net)
    _wish(net, id=wish)
    monkeypatch.setattr(hub, "say", real)
    hub.reporter.settle()
    assert [event.id for event in _said(net)] == [wish]


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
def test_what_is_no_answer_says_nothing(net, hub, bad):
    """Whatever is wrong with it; and the next good one is heard."""
    if bad.pop("retained", False):
        topic = topics.answered(WEB, "home", "front")
        for bus in net._buses:
            bus.hear(topic, json.dumps({"id": uuid7(), "answer": "coming"}).encode(), retained=True)
    else:
        _wish(net, **bad)
    assert _said(net) == []
    _wish(net)
    assert len(_said(net)) == 1


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"\xff", b"[" * 9000, b'"text"', b"null"])
def test_what_is_no_json_object_says_nothing(net, hub, payload):
    """It is acknowledged, and that is all."""
    net.take(topics.answered(WEB, "home", "front"), payload)
    assert _said(net) == []


def test_who_answers_hears_that_it_was_said(net, hub):
    """Also the second time, though it is one event."""
    answerer = AnswerClient(net.bus(), Settings(), WEB)
    wish = uuid7()
    assert answerer.answer("front", "leave_it", by="anna", id=wish).id == wish
    assert answerer.answer("front", "leave_it", by="anna", id=wish).id == wish
    assert len({event.id for event in _said(net)}) == 1
    assert answerer._waiting == answerer._confirmed == {}


def test_a_wish_that_nobody_heard_is_said_again_as_the_same(net, hub):
    """While the hub restarts: the id stays."""
    lost = []
    net.fate = lambda topic, _: (
        0 if "/answered/" in topic and len(lost) < 2 and not lost.append(topic) else 1
    )
    AnswerClient(net.bus(), Settings(), WEB).answer("front", "coming")
    assert len(lost) == 2
    assert len(_said(net)) == 1


def test_who_has_no_hub_or_no_broker_is_told(net):
    """Neither silence nor for ever."""
    with pytest.raises(AnswerError, match="the hub 'home' does not answer"):
        AnswerClient(net.bus(), Settings(), WEB).answer("front", "coming")
    with pytest.raises(AnswerError, match="no broker at"):
        AnswerClient(net.bus(connected=False), Settings(), WEB).answer("front", "coming")
