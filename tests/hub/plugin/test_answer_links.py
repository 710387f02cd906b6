"""The answers to a catch-up: what is no answer is refused, and harms nobody."""

import json

import pytest

from hub.producer.producer import Producer
from hub.wire import streams, topics
from hub.wire.event import encode
from tests.hub.fakes import HUB, PRESSED, journaled, ring, rows
from tests.hub.listener import Listener

ANSWER = topics.answer(HUB, "notify")


@pytest.fixture
def producer(states, net):
    return Producer(states("hub"), net.bus(), HUB)


@pytest.fixture
def listener(states, net):
    return Listener(states("notify"), net.bus())


def _page(listener, *, topic=ANSWER, **changes):
    """Something that looks like an answer, on its way to the listener."""
    page = {"request": "r", "source": HUB, "heads": [], "events": [], "more": False} | changes
    listener.bus.hear(topic, json.dumps(page).encode())


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        (ANSWER, {"source": "doorbell/hub/other"}),
        ("doorbell/handler/evil/answer/notify", {}),
        (ANSWER, {"heads": 1}),
        (ANSWER, {"heads": [{"topic": "t"}]}),
        (ANSWER, {"events": [{"specversion": "1.0"}]}),
        (ANSWER, {"events": ["x"]}),
        (ANSWER, {"more": None, "events": None}),
    ],
)
def test_an_answer_that_is_none_is_refused(listener, topic, changes):
    """Of the wrong sender or of the wrong form: nothing of it is believed."""
    _page(listener, topic=topic, **changes)
    assert listener.catch_up.next_event() is None
    assert rows(listener.state, "SELECT * FROM producer") == []


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[]", b"1", b"[" * 5000])
def test_what_is_no_json_object_is_refused(listener, payload):
    """It costs nothing but a line in the log, and is acknowledged."""
    listener.bus.hear(ANSWER, payload)
    assert listener.catch_up.next_event() is None
    assert listener.bus.acknowledged == [ANSWER]


def test_an_answer_may_not_bring_events_of_somebody_else(listener, states):
    """Only the source's own: nobody rings in another hub's name."""
    forged = journaled(states("other"), source="doorbell/hub/other")
    _page(listener, events=[json.loads(encode(forged))])
    assert listener.catch_up.next_event() is None


def test_nobody_can_close_a_stream_that_is_not_theirs(net, producer, listener):
    """A page moves the cursors of its sender's own streams only."""
    evil = "doorbell/handler/evil"
    head = {
        "stream": streams.of(HUB, PRESSED, "front"),
        "epoch": producer._state.epoch,
        "after": 10**9,
        "last": 10**9,
    }
    _page(listener, topic=topics.answer(evil, "notify"), source=evil, heads=[head])
    listener.work()
    said = ring(producer)
    listener.work()
    assert listener.taken == [said.id]


@pytest.mark.parametrize(
    "head",
    [
        {"stream": "x", "epoch": "0" * 16, "after": 1, "last": 1},
        {"stream": 7, "epoch": "0" * 16, "after": 1, "last": 1},
        {
            "stream": streams.of(HUB, PRESSED, "front"),
            "epoch": "0" * 16,
            "after": "many",
            "last": 1,
        },
    ],
    ids=["no stream", "a number", "no sequence"],
)
def test_a_malformed_head_harms_nobody(net, producer, listener, head):
    """The page is refused, and the next press is heard, by the next process too."""
    said = ring(producer)
    listener.live.clear()
    _page(
        listener,
        heads=[
            {"stream": streams.of(HUB, PRESSED, "front"), "epoch": "0" * 16, "after": 0, "last": 0}
        ],
    )
    _page(listener, heads=[head])
    listener.work()
    assert listener.taken == [said.id]
