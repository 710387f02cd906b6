"""One press as a timeline."""

from functools import cache

import pytest

from hub.store.history import History
from hub.terminal.output import Console
from hub.terminal.timeline.trace_tree import render, trees_of
from hub.wire import topics
from hub.wire.event import uuid7
from hub.wire.trace_context import trace_id
from tests.hub.fakes import NOTIFY, journaled

RECORD = topics.source("handler", "record")


def _outcome(state, source, cause, kind="handler.done", **data):
    facts = {"handler": topics.name_of(source), "type": cause.type, "attempt": 1} | data
    return journaled(state, kind, source=source, cause=cause, data=facts)


def _shown(past, trace):
    console = Console(width=200)
    with console.capture() as shown:
        for root in trees_of(past.trace(trace)):
            console.print(render(root, "Front door"))
    return [line.rstrip() for line in shown.get().splitlines()]


@pytest.fixture
def states(states):
    """State files by name; each file is opened once."""
    return cache(states)


@pytest.fixture
def past(tmp_path):
    return History(tmp_path)


def test_a_press_and_what_followed_are_one_tree(past, states):
    """Below a handler stand its attempts and its events, and below those the reactions to them."""
    press = journaled(states("hub"))
    _outcome(
        states("notify"),
        NOTIFY,
        press,
        "handler.retried",
        reason="no net",
        again_in_s=1.5,
        took_ms=7.0,
    )
    _outcome(
        states("notify"),
        NOTIFY,
        press,
        attempt=2,
        received_after_ms=2.0,
        started_after_ms=1500,
        note="1 reached",
    )
    picture = journaled(states("record"), "snapshot.taken", source=RECORD, cause=press)
    _outcome(states("notify"), NOTIFY, picture)
    lines = _shown(past, trace_id(press.traceparent))
    texts = [line.lstrip("│├└─ ") for line in lines]
    assert texts[0].endswith("Front door  doorbell.pressed")
    assert texts[1] == f"id {press.id} · trace {trace_id(press.traceparent)}"
    assert texts[2].startswith("seen by home · journaled +")
    assert texts[3:6] == [
        "✓ notify",
        "↻ attempt 1  took 7.0 ms  no net; again in 1.5 s",
        "✓ attempt 2  received +2.0 ms · started +1.5 s  1 reached",
    ]
    assert texts[6] == "record"
    assert texts[7].startswith("snapshot.taken published at ")
    assert texts[8].startswith("✓ notify")
    assert lines[8].index("✓") > lines[7].index("snapshot") > lines[6].index("record")


def test_what_follows_from_a_timer_stands_below_its_handler(past, states, state):
    """No journal holds a timer's event, but the events that follow from it name it."""
    press = journaled(states("hub"))
    timer = journaled(state, "clip.due", source=RECORD, cause=press, id=uuid7())
    with state.write() as db:
        db.execute("DELETE FROM journal")
    _outcome(states("record"), RECORD, press)
    journaled(states("record"), "clip.recorded", source=RECORD, cause=timer)
    _outcome(states("record"), RECORD, timer)
    texts = [line.lstrip("│├└─ ") for line in _shown(past, trace_id(press.traceparent))]
    assert texts[3].startswith("✓ record")
    assert texts[4] == "clip.due, its own timer"
    assert texts[5].startswith("✓ record")
    assert texts[6].startswith("clip.recorded published at ")


def test_what_is_left_of_an_old_trace_is_shown(past, states, state):
    """The press may have left its journal long ago."""
    press = journaled(state)
    with state.write() as db:
        db.execute("DELETE FROM journal")
    _outcome(states("notify"), NOTIFY, press)
    texts = _shown(past, trace_id(press.traceparent))
    assert texts[0] == "doorbell.pressed: the event that it follows from is no longer kept"
    assert "✓ notify" in texts[1]
