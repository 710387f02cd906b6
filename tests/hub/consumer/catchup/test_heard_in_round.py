"""Whom a round has heard: who has replied to it about all that it asked."""

import pytest

from hub.consumer.catchup.round import AUDIT_S, LATE_S
from hub.wire import streams
from hub.wire.query import Reply
from tests.house import until
from tests.hub.fakes import BARN, HUB, PRESSED, ring
from tests.hub.listener import Listener


@pytest.fixture
def both(producer, barn, listener):
    """Both hubs are known and up to date."""
    ring(producer)
    ring(barn)
    listener.work()
    assert listener.cursors.known_producers(PRESSED) == [BARN, HUB]
    return listener


def _lose_replies(net, source):
    net.fate = lambda topic, _: 0 if f"{source}/reply" in topic else 1


def _round_ends(listener):
    until(lambda: listener.work() > AUDIT_S / 2, "the round ends")


def test_a_reply_to_the_round_before_is_none_to_this_one(net, barn, both):
    """It does not tell what has happened since: that comes now, and not in a minute."""
    net.fate = lambda topic, _: -1 if f"{BARN}/reply" in topic else 1
    both.catch_up.ask_all()
    both.work()  # the reply of the barn is under way for long
    owed = ring(barn)
    both.live.clear()
    round_ = both.catch_up._rounds[PRESSED]
    _lose_replies(net, BARN)
    # The next round begins, whoever was asked alone meanwhile.
    both.catch_up.ask_all()
    until(lambda: both.work() > 0 and round_._late, "the next round waits for the barn")
    net.fate = lambda *_: 1
    net.release()
    _round_ends(both)
    assert owed.id in both.taken


def test_a_reply_about_one_stream_is_none_about_all(net, barn, both):
    """A follower may ask about one at any time."""
    owed = ring(barn, "gate")
    both.live.clear()
    _lose_replies(net, BARN)
    both.catch_up.ask_all()
    assert 0 < both.work() <= LATE_S
    net.fate = lambda *_: 1
    both.catch_up.ask_about(streams.of(BARN, PRESSED, "front"))
    _round_ends(both)
    assert owed.id in both.taken


def test_a_reply_to_a_part_of_a_round_is_none_about_all(net, states, producer, barn):
    """The numberings of one producer may be more than a query holds."""
    listener = Listener(states("log"), net.bus(), most_cursors=3)
    ring(producer)
    for number in range(5):
        ring(barn, f"door{number}")
    _round_ends(listener)
    owed = ring(barn, "door4")
    listener.live.clear()

    def lose_second_part(topic, payload):
        is_reply = f"{BARN}/reply" in topic
        return 0 if is_reply and Reply.decode(payload).until == (f"{HUB} ", "") else 1

    net.fate = lose_second_part
    listener.catch_up.ask_all()
    _round_ends(listener)
    assert owed.id in listener.taken
