"""Query and reply: what comes in is bounded, and what is malformed is refused."""

import json

import pytest

from hub.wire import streams
from hub.wire.codec import BadMessage
from hub.wire.query import CURSORS, EVENTS, HEADS, Head, Query, Reply
from tests.hub.fakes import HUB, PRESSED

STREAM = streams.of(HUB, PRESSED, "front")
EPOCH = "0" * 16
QUERY = {"request": "r", "cursors": [[STREAM, EPOCH, 1]], "known": [HUB], "since": 0}
REPLY = {"request": "r", "source": HUB, "heads": [], "more": False, "gone": [], "events": []}


def test_a_query_of_a_stranger_is_about_everything():
    """`after` and `until` may be left out."""
    query = Query.decode(json.dumps(QUERY).encode())
    assert query.range.is_all
    assert query.cursors == ((STREAM, EPOCH, 1),)


@pytest.mark.parametrize(
    "change",
    [
        {"request": "r" * 65},
        {"cursors": [[STREAM, EPOCH, 1]] * (CURSORS + 1)},
        {"cursors": [["x", EPOCH, 1]]},
        {"cursors": [[STREAM, "epoch", 1]]},
        {"cursors": [[STREAM, EPOCH, -1]]},
        {"cursors": [[STREAM, EPOCH, 1.5]]},
        {"cursors": [[STREAM, EPOCH, True]]},
        {"cursors": [[STREAM, EPOCH]]},
        {"known": [HUB] * (CURSORS + 2)},
        {"known": ["somebody"]},
        {"since": -1},
        {"since": "now"},
        {"after": [STREAM]},
        {"until": STREAM},
    ],
)
def test_a_malformed_query_is_refused(change):
    """Too much of something, or not what a field may hold."""
    with pytest.raises(BadMessage):
        Query.decode(json.dumps(QUERY | change).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"source": "somebody"},
        {"heads": [{"stream": STREAM, "epoch": EPOCH, "after": 0}]},
        {"heads": [{"stream": STREAM, "epoch": EPOCH, "after": 0, "last": 10**16}]},
        {"heads": [{"stream": STREAM, "epoch": EPOCH, "after": 0, "last": 1}] * (HEADS + 1)},
        {"more": 1},
        {"gone": [[STREAM]]},
        {"events": [{}]},
        {"events": [1]},
        {"events": [{}] * (EVENTS + 1)},
    ],
)
def test_a_malformed_reply_is_refused(change):
    """Too much of something, or not what a field may hold."""
    with pytest.raises(BadMessage):
        Reply.decode(json.dumps(REPLY | change).encode())


def test_a_reply_has_its_events_as_they_were_published():
    """The very bytes of the journal, in their order."""
    head = Head(STREAM, EPOCH, 0, 2)
    reply = Reply("r", HUB, (head,), more=False, gone=(), events=())
    wire = json.loads(reply.encode_with([b'{"a":1}', '{"b":"ж"}'.encode()]))
    assert wire["events"] == [{"a": 1}, {"b": "ж"}]
    assert wire["heads"] == [{"stream": STREAM, "epoch": EPOCH, "after": 0, "last": 2}]
    assert wire["until"] is None
