"""The replies to a query: what is no reply is refused, and harms nobody."""

import json

import pytest

from hub.producer.producer import Producer
from hub.wire import streams
from hub.wire.event import encode
from tests.hub.fakes import HOUSE, HUB, PRESSED, journaled, ring, rows
from tests.hub.listener import Listener

REPLY = HOUSE.reply(HUB, "notify")


@pytest.fixture
def producer(states, net):
    return Producer(states("hub"), net.bus(), HUB)


@pytest.fixture
def listener(states, net):
    return Listener(states("notify"), net.bus())


def _reply(listener, *, topic=REPLY, **changes):
    """Something that looks like a reply to the listener's query, on its way to it."""
    listener.catch_up.ask_what_is_due()
    request = listener.catch_up._rounds[PRESSED].request
    reply = {"request": request, "source": HUB, "heads": [], "events": [], "more": False}
    listener.bus.hear(topic, json.dumps(reply | {"gone": []} | changes).encode())


def test_a_good_reply_is_read(listener):
    """So the others here are refused for what is wrong with them."""
    _reply(listener)
    assert listener.catch_up.next_event() is None
    assert rows(listener.state, "SELECT source FROM producer") == [(HUB,)]


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        (REPLY, {"source": "doorbell/hub/other"}),
        ("doorbell/handler/evil/reply/notify", {}),
        (REPLY, {"heads": 1}),
        (REPLY, {"heads": [{"stream": "t"}]}),
        (REPLY, {"events": [{"specversion": "1.0"}]}),
        (REPLY, {"events": ["x"]}),
        (REPLY, {"more": None, "events": None}),
        (REPLY, {"gone": [["x"]]}),
        (REPLY, {"heads": [{}] * 101}),
        (REPLY, {"request": "r"}),
    ],
)
def test_a_reply_that_is_none_is_refused(listener, topic, changes):
    """Of the wrong sender or of the wrong form: nothing of it is believed."""
    _reply(listener, topic=topic, **changes)
    assert listener.catch_up.next_event() is None
    assert rows(listener.state, "SELECT * FROM producer") == []


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[]", b"1", b"[" * 5000])
def test_what_is_no_json_object_is_refused(listener, payload):
    """It costs nothing but a line in the log, and is acknowledged."""
    listener.bus.hear(REPLY, payload)
    assert listener.catch_up.next_event() is None
    assert listener.bus.acknowledged == [REPLY]


def test_a_reply_may_not_bring_events_of_somebody_else(listener, states):
    """Only the source's own: nobody rings in another hub's name."""
    forged = journaled(states("other"), source="doorbell/hub/other")
    _reply(listener, events=[json.loads(encode(forged))])
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
    _reply(listener, topic=HOUSE.reply(evil, "notify"), source=evil, heads=[head])
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
    _reply(
        listener,
        heads=[
            {"stream": streams.of(HUB, PRESSED, "front"), "epoch": "0" * 16, "after": 0, "last": 0}
        ],
    )
    _reply(listener, heads=[head])
    listener.work()
    assert listener.taken == [said.id]


def test_one_reply_closes_no_numbering_of_a_known_producer(net, producer, listener):
    """It owes all of one that is new to us: a beginning that is gone has to be told twice."""
    ring(producer)
    listener.work()
    stream = streams.of(HUB, PRESSED, "side")
    head = {"stream": stream, "epoch": producer._state.epoch, "after": 1000, "last": 1000}
    listener.catch_up.ask_soon([PRESSED])
    _reply(listener, heads=[head])
    listener.catch_up.next_event()
    assert listener.cursors.position(stream, producer._state.epoch) == 0
