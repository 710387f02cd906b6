"""A round of the catch-up takes as few queries as it can: each is heard by all processes."""

import json

import pytest

from hub.consumer.catchup.queries.paging import Ask
from hub.consumer.catchup.round import AUDIT_S, LATE_S, TRIES, UNANSWERED_S, Round
from hub.wire import topics
from hub.wire.query import Query
from tests.house import until
from tests.hub.fakes import BARN, HOUSE, HUB, PRESSED, ring
from tests.hub.listener import Listener


def _queries(net):
    return [json.loads(payload) for topic, payload in net.heard if "/query/" in topic]


@pytest.mark.parametrize("kind", [PRESSED, topics.EVERY])
def test_all_who_are_there_reply_to_one_query(net, states, producer, barn, kind):
    """Also those that have nothing of the type, and however one after another they reply."""
    ring(producer)
    listener = Listener(states("log"), net.bus(), kinds=(kind,))
    for source in (HUB, BARN):
        listener.bus.hear(HOUSE.status(source), b'{"state": "ready"}', retained=True)
    listener.work()
    assert len(listener.taken) == 1
    asked = len(_queries(net))
    listener.catch_up.ask_all()
    assert listener.work() > AUDIT_S - 1
    assert len(_queries(net)) == asked + 1
    assert listener.cursors.known_producers(kind) == [BARN, HUB]


def test_who_has_not_replied_is_asked_alone_a_moment_later(net, states, producer, barn, listener):
    """Its reply may be lost, or too large for the broker."""
    ring(producer)
    ring(barn)
    listener.work()
    owed = ring(barn)
    listener.live.clear()
    net.fate = lambda topic, _: 0 if f"{BARN}/reply" in topic else 1
    listener.catch_up.ask_all()
    assert 0 < listener.work() <= LATE_S
    assert owed.id not in listener.taken
    net.fate = lambda *_: 1
    until(lambda: listener.work() > LATE_S, "the round ends")
    assert owed.id in listener.taken
    last = Query.decode(json.dumps(_queries(net)[-1]).encode())
    assert last.range.has_some_of(BARN)
    assert not last.range.has_some_of(HUB)


def _asked(sources=()):
    """A round whose query to all had its first reply, and that waits for these."""
    round_ = Round()
    round_.sent(round_.next(100.0), Query("r", (), (), 0.0), 100.0)
    round_.heard(HUB)
    assert round_.settle(Ask(), 100.0)
    round_.wait_for(sources, 100.0)
    return round_


def test_a_round_ends_with_the_last_reply():
    """It is going on until then."""
    round_ = _asked({"a", "b"})
    assert (round_.ask_at, round_.is_going_on) == (100.0 + LATE_S, True)
    round_.heard("a")
    assert not round_.settle(Ask(), 100.1)
    assert (round_.ask_at, round_.is_going_on) == (100.0 + LATE_S, True)
    round_.heard("b")
    assert round_.settle(Ask(), 100.1)
    assert (round_.ask_at, round_.is_going_on) == (100.1 + AUDIT_S, False)


def test_what_else_is_asked_meanwhile_does_not_end_the_wait():
    """Neither the query about one source that has more, nor its reply."""
    round_ = _asked({"a", "b"})
    round_.add(Ask("a", after=("x", "")))
    assert round_.ask_at == 0.0
    ask = round_.next(100.1)
    round_.sent(ask, Query("s", (), (), 0.0, after=("x", ""), until=ask.range.until), 100.1)
    round_.heard("b")
    assert not round_.settle(Ask(), 100.1)
    assert not round_.settle(ask, 100.2)
    assert round_.ask_at == 100.0 + LATE_S
    assert round_.next(100.0 + LATE_S) == Ask("a")


def test_another_round_that_is_wanted_waits_for_nobody():
    """Who has not replied is asked at once, and then all."""
    round_ = _asked({"a"})
    round_.want()
    assert round_.ask_at == 0.0
    assert [round_.next(100.1), round_.next(100.1)] == [Ask("a"), Ask()]


def test_who_replies_while_another_one_is_asked_alone_is_not_asked():
    """Sixteen that are a bit slow take one query more, and not sixteen."""
    round_ = _asked({"a", "b", "c"})
    now = round_.ask_at
    alone = round_.next(now)
    round_.sent(alone, _about(alone), now)
    for source in "abc":
        round_.heard(source)
        assert not round_.settle(Ask(), now)
    assert round_.settle(alone, now)


def test_who_does_not_reply_does_not_keep_the_others_waiting():
    """It is asked again after them."""
    round_ = _asked({"b"})
    round_.add(Ask("a"))
    now = 100.0
    asked = []
    for _ in range(3):
        ask = round_.next(now)
        round_.sent(ask, _about(ask), now)
        asked.append(ask)
        now = round_.ask_at
    assert asked == [Ask("a"), Ask("b"), Ask("a")]
    assert now < 100.0 + TRIES * UNANSWERED_S + 0.1


def _about(ask):
    return Query("s", (), (), 0.0, after=ask.range.after, until=ask.range.until)
