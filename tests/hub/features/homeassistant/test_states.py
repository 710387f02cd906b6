"""How a door, the hub and its machine are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.features.homeassistant import health
from hub.wire import topics
from hub.wire.event import encode
from tests.hub.fakes import HOUSE, journaled, ring


def _answer(hub, answer="coming", **data):
    said = {"answer": answer, "by": "Anna", **data}
    return hub.producer.publish(topics.ANSWERED, "front", said, time=datetime.now(UTC))


def _missed(hub, visits, press):
    data = {"visit": press.id, "presses": 1, "at": press.time.isoformat(timespec="milliseconds")}
    source = "doorbell/handler/visit"
    event = journaled(visits, "visit.missed", source=source, cause=press, data=data)
    hub.net.take(HOUSE.of_event(event), encode(event))
    hub.tick()


def test_a_visit_waits_and_is_answered(hub):
    """The door says who came when, and what the answer was."""
    assert hub.door == {
        "visitor": None,
        "visit": "none",
        "answer": None,
        "by": "",
        "answered": None,
        "missed": [],
    }
    ring(hub.producer)
    hub.tick()
    assert hub.door["visit"] == "waiting"
    _answer(hub)
    hub.tick()
    assert (hub.door["visit"], hub.door["answer"], hub.door["by"]) == ("answered", "coming", "Anna")


def test_a_snooze_leaves_the_visitor_waiting(hub):
    """It is an answer to the phone."""
    ring(hub.producer)
    _answer(hub, "snooze")
    hub.tick()
    assert (hub.door["visit"], hub.door["answer"]) == ("waiting", "snooze")


def test_a_late_answer_changes_no_visit(hub):
    """Its visitor has left."""
    ring(hub.producer)
    _answer(hub, late=True)
    hub.tick()
    assert (hub.door["visit"], hub.door["answer"]) == ("waiting", "coming")


def test_a_visit_is_missed_when_the_handler_says_so(hub, states):
    """The handler knows how long a visitor waits; the end of an earlier visit changes nothing."""
    visits = states("visit")
    first = ring(hub.producer, age_s=50)
    second = ring(hub.producer)
    _missed(hub, visits, first)
    assert hub.door["visit"] == "missed"
    _answer(hub)
    third = ring(hub.producer)
    _missed(hub, visits, second)
    assert hub.door["visit"] == "waiting"
    _missed(hub, visits, third)
    assert hub.door["visit"] == "missed"


@pytest.mark.parametrize("ahead_h", [-3, 3])
def test_a_clock_that_is_set_changes_no_visit(hub, states, ahead_h):
    """A Raspberry Pi boots at a wrong time, and a time server sets it while the visitor waits."""
    clock = hub.state.clock
    ring(hub.producer)
    _answer(hub)
    clock.reboot(synchronised=False)
    clock.ahead_s = ahead_h * 3600.0
    hub.start()
    ring(hub.producer, at=clock.utc())
    hub.tick()
    assert hub.door["visit"] == "waiting"
    clock.ahead_s, clock.synchronised = 0.0, True
    hub.tick()
    assert hub.door["visit"] == "waiting"
    hub.producer.publish(
        topics.ANSWERED, "front", {"answer": "leave_it", "by": ""}, time=clock.utc()
    )
    hub.tick()
    assert (hub.door["visit"], hub.door["answer"]) == ("answered", "leave_it")
    second = ring(hub.producer, at=clock.utc())
    hub.tick()
    assert hub.door["visit"] == "waiting"
    _missed(hub, states("visit"), replace(second, time=second.time - timedelta(hours=1)))
    assert hub.door["visit"] == "missed"


def test_a_visit_without_an_end_is_over_in_the_end(hub):
    """Where no handler `visit` runs."""
    ring(hub.producer)
    hub.tick()
    hub.state.clock.passed_s += 131
    hub.tick()
    assert hub.door["visit"] == "none"


def test_a_restart_forgets_no_visitor(hub):
    """The journal has the last press and the last answer, the memory what was missed."""
    hub.bus.connected.clear()
    ring(hub.producer, age_s=3600)
    hub.bus.connect()
    ring(hub.producer)
    _answer(hub, "leave_it")
    hub.tick()
    before = hub.door
    hub.start()
    assert hub.door == before
    assert (before["answer"], len(before["missed"])) == ("leave_it", 1)


def test_only_the_last_ten_missed_rings_are_kept(hub):
    """A state must not grow."""
    hub.bus.connected.clear()
    for number in range(12):
        ring(hub.producer, age_s=3600 - number)
    hub.bus.connect()
    hub.tick(5)
    assert len(hub.door["missed"]) == 10


def test_a_clock_that_cannot_be_believed_shows(hub):
    """Looked at once a minute."""
    assert hub.health["clock"] is True
    hub.state.clock.synchronised = False
    hub.features[0]._health._look_at = 0
    hub.tick()
    assert hub.health["clock"] is False


def test_a_full_disk_shows(hub, monkeypatch):
    """With how much room there is."""
    assert hub.health["free_mb"] % health.STEP_MB == 0
    monkeypatch.setattr(health, "FULL_MB", 10**9)
    hub.features[0]._health._look_at = 0
    hub.tick()
    assert "MB are free on the disk" in hub.health["disk"]


def _outcome(hub, states, drill, name, kind, **data):
    facts = {"handler": name, "type": topics.DRILLED, **data}
    source = f"doorbell/handler/{name}"
    event = journaled(states(name), kind, source=source, cause=drill, data=facts)
    hub.net.take(HOUSE.of_event(event), encode(event))


@pytest.mark.parametrize(
    ("kind", "result", "failed"),
    [
        ("handler.done", "passed", []),
        ("handler.dead", "failed", ["notify: no network"]),
    ],
)
def test_a_drill_has_a_result(hub, states, kind, result, failed):
    """What each handler made of it; a handler that gave up is the last fault, too."""
    data = {"name": "Front door"}
    drill = hub.producer.publish(topics.DRILLED, "front", data, time=datetime.now(UTC))
    hub.tick()
    assert hub.health["drill"] == "running"
    hub.handler("notify", "ready")
    _outcome(hub, states, drill, "notify", kind, reason="no network")
    hub.features[0]._health._drill_ends_at = 0
    hub.tick()
    assert (hub.health["drill"], hub.health["failed"]) == (result, failed)
    assert hub.health["fault"] == "".join(failed)


def test_a_handler_that_nobody_sees_any_more_fails_its_drill(hub, monkeypatch):
    """The broker has forgotten its status; its queries have said that it is of this house."""
    monkeypatch.setattr(type(hub.producer), "consumers", lambda _: {"record"})
    hub.producer.publish(topics.DRILLED, "front", {"name": "x"}, time=datetime.now(UTC))
    hub.tick()
    hub.features[0]._health._drill_ends_at = 0
    hub.tick()
    assert hub.health["drill"] == "failed"
    assert hub.health["failed"][0].startswith("record: ")
