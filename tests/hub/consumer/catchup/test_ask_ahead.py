"""The next page is asked for while the events of this one are worked on."""

import pytest

from hub.producer import catchup_replies
from hub.wire.query import Query
from tests.hub.fakes import NOTIFY, PRESSED, ring, rows
from tests.hub.listener import Listener

PAGE = 3
MISSED = 4 * PAGE + 1
PROGRESS = "SELECT name, sequence FROM consumer"


@pytest.fixture
def listener(states, net):
    return Listener(states("notify"), net.bus(), most_events=PAGE)


@pytest.fixture
def missed(net, producer):
    """The ids of more events than a page holds, which nobody heard."""
    net.fate = lambda topic, _: 0 if "/event/" in topic else 1
    return [ring(producer).id for _ in range(MISSED)]


def _queries(net):
    return [Query.decode(load) for topic, load in net.heard if "/query/" in topic]


def _sent(net):
    """How many events all replies had."""
    replies = [payload for topic, payload in net.heard if "/reply/" in topic]
    return sum(payload.count(b'"specversion"') for payload in replies)


def _begin(listener):
    """Ask, and read the first page; nothing of it is taken."""
    listener.catch_up.ask_what_is_due()
    return listener.catch_up.next_event().event


def test_what_is_worked_on_is_not_sent_again_and_does_not_count_as_taken(
    net, producer, listener, missed
):
    """A journal keeps what a consumer has received and not finished."""
    first = _begin(listener)
    ahead = _queries(net)[1]
    assert ahead.received == ((first.stream, first.epoch, PAGE),)
    assert ahead.cursors == ((first.stream, first.epoch, 0),)
    assert rows(producer._state, PROGRESS) == [(NOTIFY.rpartition("/")[2], 0)]
    listener.live.append(first)
    listener.work()
    assert listener.taken == missed
    assert _sent(net) == MISSED


def test_a_page_that_is_late_is_sent_once_more_and_no_other(net, listener, missed):
    """A live event had it asked for again; the first reply counts, and only the last goes on."""
    replies = iter([1, 1, -1, -1])
    net.fate = lambda topic, _: next(replies, 1) if "/reply/" in topic else 1
    listener._take(_begin(listener))
    while owed := listener.catch_up.next_event():
        listener._take(owed.event)
    listener.catch_up.ask_soon([PRESSED])
    listener.catch_up.ask_what_is_due()
    net.release()
    listener.work()
    assert listener.taken == missed
    assert _sent(net) == MISSED + PAGE


def test_what_was_received_is_asked_for_again_after_a_crash(net, producer, listener, missed):
    """It stood in the memory of the process that died."""
    _begin(listener)
    again = Listener(listener.state, net.bus(), most_events=PAGE)
    again.work()
    assert again.taken == missed


@pytest.mark.parametrize("times", [0, 2])
def test_a_page_that_was_asked_for_ahead_may_be_lost_or_come_twice(net, listener, missed, times):
    """Lost, it is asked for again, from where the consumer has come."""
    listener.live.append(_begin(listener))
    net.fate = lambda topic, _: times if "/reply/" in topic else 1
    listener.catch_up.ask_all()
    listener.work()
    net.fate = lambda *_: 1
    listener.catch_up.ask_all()
    listener.work()
    assert listener.taken == missed


def test_a_producer_may_send_it_again(net, listener, missed, monkeypatch):
    """As earlier versions do, which do not know the field: each event is taken once."""
    monkeypatch.setattr(catchup_replies, "_without", lambda _, head: head)
    listener.work()
    assert listener.taken == missed


def test_a_new_epoch_begins_behind_what_is_worked_on(net, producer, listener, missed):
    """A page may hold the end of one numbering and the beginning of the next."""
    producer._state.begin_epoch()
    missed += [ring(producer).id for _ in range(MISSED)]
    listener.work()
    assert listener.taken == missed
    assert max(len(query.received) for query in _queries(net)) == 2


def test_where_pages_are_cut_none_is_asked_for_ahead(net, listener, missed):
    """What has no room in one reply has to be first in the next, which may be larger."""
    listener.bus.limits = listener.bus.limits._replace(packet_limit=4096)
    listener.work()
    assert listener.taken == missed
    assert not any(query.received for query in _queries(net))
