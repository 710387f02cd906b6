"""Forged events and replies: a real press is acted on, whatever somebody says in its name."""

import json
from dataclasses import replace

import pytest

from config import JournalSettings
from hub.consumer.catchup.doubts import FAR
from hub.store.cursors import PRODUCERS, Cursors
from hub.store.journal.retention import CONSUMERS, Retention
from hub.wire.codec import BadMessage
from hub.wire.event import MOST_ATTEMPTS, decode, encode, uuid7
from hub.wire.query import Head, Query, Reply
from tests.hub.fakes import HOUSE, HUB, PRESSED, cursor, journaled, ring, rows
from tests.hub.listener import Listener


def _forge(net, event, ahead=1):
    """Publish an event in the name of the same producer, so many numbers ahead."""
    forged = replace(event, id=uuid7(), sequence=event.sequence + ahead)
    net.bus().publish(HOUSE.of_event(forged), encode(forged))
    return forged


def _forge_replies(net, heads, **more):
    """Somebody who hears each query replies first, in the name of the hub."""
    bus = net.bus()

    def reply(message):
        query = Query.decode(message.payload)
        forged = Reply(query.request, HUB, heads, more=False, gone=(), events=(), **more)
        bus.publish(HOUSE.reply(HUB, "notify"), forged.encode_with([]))

    bus.subscribe(HOUSE.every_query(), reply)


def test_a_forged_event_one_number_ahead_swallows_no_press(net, producer, listener, caplog):
    """The real event of that number has another id: it is acted on, once, and both are told."""
    first = ring(producer)
    listener.work()
    forged = _forge(net, first)
    listener.work()
    real = ring(producer)
    listener.work()
    listener.live.append(real)
    listener.work()
    assert listener.taken == [first.id, forged.id, real.id]
    assert "two different events are number 2" in caplog.text


def test_a_number_far_ahead_is_not_acted_on_before_its_producer_confirms_it(
    net, producer, listener
):
    """A forged one never is; a real one comes with the reply."""
    first = ring(producer)
    listener.work()
    _forge(net, first, ahead=FAR + 1)
    listener.work()
    assert listener.taken == [first.id]
    net.fate = lambda topic, _: 0 if "/event/" in topic else 1
    with producer._state.write() as db:
        db.execute("UPDATE numbering SET sequence = ?", (2 * FAR,))
    net.fate = lambda _, __: 1
    far = ring(producer)
    listener.work()
    assert far.id in listener.taken


@pytest.mark.parametrize("after", [2, 500, 10**15])
def test_a_forged_reply_moves_no_cursor_over_a_press(net, states, producer, after):
    """A jump is believed when it is told twice, and the real producer tells it never."""
    first = ring(producer)
    head = Head(first.stream, first.epoch, after, after)
    _forge_replies(net, (head,))
    listener = Listener(states("notify"), net.bus())
    listener.work()
    for _ in range(3):
        listener.catch_up.ask_all()
        listener.work()
    second = ring(producer)
    listener.work()
    assert second.id in listener.taken
    assert cursor(listener.state) == 2


def test_a_forged_reply_makes_no_cursor_go(net, producer, listener):
    """What is said to be gone goes when it is said again, and the producer names it meanwhile."""
    first = ring(producer)
    listener.work()
    _forge_replies(net, ())
    bus = net.bus()

    def say_gone(message):
        query = Query.decode(message.payload)
        gone = ((first.stream, first.epoch),)
        forged = Reply(query.request, HUB, (), more=False, gone=gone, events=())
        bus.publish(HOUSE.reply(HUB, "notify"), forged.encode_with([]))

    bus.subscribe(HOUSE.every_query(), say_gone)
    listener.state.clock.passed_s += 40 * 86_400
    for _ in range(4):
        listener.catch_up.ask_all()
        listener.work()
    assert listener.taken == [first.id]
    assert cursor(listener.state) == 1


def test_a_reply_has_no_events_beside_its_heads(net, producer, listener):
    """Each event lies between what its head says."""
    first = ring(producer)
    listener.work()
    far = replace(first, id=uuid7(), sequence=10**14)
    listener.catch_up.ask_all()
    listener.catch_up.ask_what_is_due()
    request = next(reversed(listener.catch_up._sent._sent))
    forged = Reply(request, HUB, (), more=False, gone=(), events=())
    net.bus().publish(HOUSE.reply(HUB, "notify"), forged.encode_with([encode(far)]))
    listener.work()
    assert listener.taken == [first.id]


def test_invented_producers_and_consumers_are_bounded(state):
    """Of both no more are remembered than any house has."""
    cursors, retention = Cursors(state), Retention(state, JournalSettings())
    event = journaled(state)
    for number in range(PRODUCERS + 1):
        cursors.learn(f"doorbell/hub/h{number}", PRESSED, [])
    for number in range(CONSUMERS + 1):
        retention.note(f"c{number}", PRESSED, [Head(event.stream, event.epoch, 1, 1)])
    assert rows(state, "SELECT COUNT(*) FROM producer") == [(PRODUCERS,)]
    assert rows(state, "SELECT COUNT(*) FROM consumer") == [(CONSUMERS,)]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_an_event_of_an_impossible_year_is_refused(state, time):
    """No clock of ours is as wrong as that, and programs stumble over it."""
    wire = json.loads(encode(journaled(state)))
    with pytest.raises(BadMessage, match="time"):
        decode(json.dumps(wire | {"time": time}).encode())


@pytest.mark.parametrize("attempt", [0, MOST_ATTEMPTS + 1, "1", True, None])
def test_an_outcome_of_an_impossible_attempt_is_refused(state, attempt):
    """A trace has a line for each attempt."""
    outcome = journaled(
        state, "handler.done", source="doorbell/handler/notify", data={"attempt": 1}
    )
    wire = json.loads(encode(outcome))
    with pytest.raises(BadMessage, match="attempt"):
        decode(json.dumps(wire | {"data": {"attempt": attempt}}).encode())
    assert outcome.type != PRESSED
    assert rows(state, "SELECT COUNT(*) FROM journal") == [(1,)]
