"""The replies of a producer: whom a query concerns, and what fits into a reply."""

import json
from unittest.mock import Mock

import pytest

from hub.producer.catchup_replies import RENEW_S
from hub.producer.producer import Producer
from hub.wire import streams
from hub.wire.query import LEAST_BYTES, Query
from hub.wire.topics import consumer_of
from tests.hub.fakes import HOUSE, HUB, PRESSED, ring
from tests.hub.store.file.test_memory_fallback import _full_disk as full_disk

LIGHT, BARK = "doorbell/handler/light", "doorbell/handler/bark"


@pytest.mark.parametrize(
    ("kind", "readers"),
    [(PRESSED, [HUB]), ("light.expired", [LIGHT]), ("*", [HUB, LIGHT])],
)
def test_a_query_is_read_by_those_who_may_publish_its_type(states, net, monkeypatch, kind, readers):
    """Each process hears the queries of all: what cannot concern it costs it next to nothing."""
    query = Query(request="r" * 16, cursors=(), known=(), since=0.0)
    read = Mock(wraps=Query.decode)
    monkeypatch.setattr(Query, "decode", read)
    found = []
    for source in (HUB, LIGHT):
        bus = net.bus()
        Producer(states(source.rpartition("/")[2]), bus, source)
        read.reset_mock()
        bus.hear(HOUSE.query(BARK, kind), query.encode())
        found += [source] * read.call_count
    assert found == readers


@pytest.fixture
def reply_to(net, hub):
    """Asks the hub for a reply of so many bytes; returns its payload."""
    bus = net.bus()
    replies = []
    bus.subscribe(HOUSE.reply(HUB, consumer_of(BARK)), replies.append)

    def ask(most):
        query = Query(request="r", cursors=(), known=(HUB,), since=0.0, most=most)
        bus.publish(HOUSE.query(BARK, PRESSED), query.encode())
        return replies.pop().payload

    return ask


def test_an_event_is_sent_or_withheld_in_a_reply_of_any_size(hub, reply_to):
    """Else the consumer would ask for it without end."""
    ring(hub, note="x" * 2000)
    found = set()
    for most in range(2000, 3500):
        reply = json.loads(reply_to(most))
        found.add((len(reply["events"]), len(reply.get("withheld", []))))
        assert not reply["more"], most
    assert found == {(0, 1), (1, 0)}


def test_a_reply_that_withholds_many_events_is_no_larger_than_the_query_allows(hub, reply_to):
    """A larger one would not get through, and a query of the same size would bring it again."""
    for _ in range(30):
        ring(hub, note="x" * 1000)
    payload = reply_to(LEAST_BYTES)
    reply = json.loads(payload)
    assert reply["withheld"]
    assert reply["more"]
    assert len(payload) <= LEAST_BYTES


@pytest.fixture
def behind(states, net):
    """A hub's state file, and a query that claims more of its numbering than it has."""
    state = states("hub")
    Producer(state, net.bus(), HUB)

    def ask():
        claim = (streams.of(HUB, PRESSED, "front"), state.epoch, 10)
        query = Query(request="r", cursors=(claim,), known=(HUB,), since=0.0)
        net.bus().publish(HOUSE.query(BARK, PRESSED), query.encode())

    return state, ask


def _epochs_after(state, ask, times):
    found = []
    for _ in range(times):
        ask()
        found.append(state.epoch)
    return found


def test_forged_queries_begin_one_numbering_in_a_while(behind):
    """A claim to have had more may be true, after a forged event: but not once a second."""
    state, ask = behind
    first = state.epoch
    second, third = _epochs_after(state, ask, 2)
    assert first != second == third
    state.clock.passed_s += RENEW_S + 1
    assert _epochs_after(state, ask, 1) != [third]


def test_a_numbering_that_cannot_begin_begins_with_the_next_query(behind, caplog):
    """Else what is published for ten minutes could have numbers that the consumer has had."""
    state, ask = behind
    ask()
    state.clock.passed_s += RENEW_S + 1
    before = state.epoch
    with full_disk():
        assert _epochs_after(state, ask, 1) == [before]
    assert "no new numbering can begin now" in caplog.text
    assert _epochs_after(state, ask, 1) != [before]
