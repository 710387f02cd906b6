"""The catch-up: whatever gets lost on the way, a consumer ends up with every event once."""

import json
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.producer.producer import Producer
from hub.wire import streams
from hub.wire.query import CURSORS, EVENTS, HEADS, Query
from tests.hub.fakes import (
    BARN,
    HOUSE,
    HUB,
    NOTIFY,
    PRESSED,
    FakeBroker,
    cursor,
    opened_state,
    ring,
    rows,
)
from tests.hub.listener import Listener

SOON_S = 1.0  # less than a pause of the catch-up in which nothing is under way


def _only(path):
    """A fate: messages whose topic has this part are lost."""
    return lambda topic, _: 0 if path in topic else 1


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_whatever_happens_on_the_way_each_event_is_taken_once(data):
    """Whatever live messages are lost, doubled or reordered: each event is taken once."""
    fates = iter(lambda: data.draw(st.integers(-1, 2)), None)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        hub, own = (
            stack.enter_context(closing(opened_state(Path(folder) / f"{n}.db")))
            for n in ("hub", "own")
        )
        net = FakeBroker()
        net.fate = lambda topic, _: next(fates) if "/event/" in topic else 1
        bus = net.bus()
        producer, listener = Producer(hub, bus, HUB), Listener(own, net.bus())
        said = []
        for step in data.draw(
            st.lists(
                st.sampled_from(["front", "back", "release", "work", "reconnect"]), max_size=12
            )
        ):
            if step == "release":
                net.release(data.draw(st.permutations(range(len(net.kept)))))
            elif step == "work":
                listener.work()
            elif step == "reconnect":
                data.draw(st.sampled_from([bus, listener.bus])).connect()
            else:
                bus.acknowledges = data.draw(st.sampled_from([True, None]))
                said.append(ring(producer, step).id)
        net.release()
        listener.bus.connect()
        listener.work()
        assert sorted(listener.taken) == sorted(said)
        assert rows(own, "SELECT * FROM inbox") == []


def test_a_gap_is_asked_for_at_once(net, producer, listener):
    """The event after a lost one brings the lost one with it."""
    listener.work()
    net.fate = _only("/event/")
    lost = ring(producer)
    net.fate = lambda _, __: 1
    seen = ring(producer)
    assert listener.work() > SOON_S
    assert listener.taken == [seen.id, lost.id]


def test_a_long_absence_is_made_up_page_by_page(net, producer, listener):
    """Everything, oldest first, at once, however many pages it takes."""
    net.fate = _only("/event/")
    said = [ring(producer).id for _ in range(2 * EVENTS + 7)]
    listener.work()
    assert listener.taken == said


def test_a_new_consumer_gets_what_happened_since(net, states, producer):
    """As far back as it wants and no further; and from then on everything."""
    for age_s in (3000, 2000, 1000):
        ring(producer, age_s=age_s)
    listener = Listener(states("notify"), net.bus(), since=time.time() - 1500)
    listener.work()
    assert len(listener.taken) == 1
    net.fate = _only("/event/")
    ring(producer, age_s=2500)
    listener.catch_up.ask_all()
    listener.work()
    assert len(listener.taken) == 2


def test_a_new_epoch_is_followed_from_its_beginning(tmp_path, net, listener):
    """The hub lost its disk: its new numbers are new events, those that nobody heard included."""
    taken = []
    for name in ("hub", "new-hub"):
        with closing(opened_state(tmp_path / f"{name}.db")) as state:
            producer = Producer(state, bus := net.bus(), HUB)
            net.fate = _only("/event/")
            taken.append(ring(producer).id)
            net.fate = lambda _, __: 1
            taken.append(ring(producer).id)
            listener.work()
            bus.connected.clear()
    assert sorted(listener.taken) == sorted(taken)


def test_a_lost_answer_is_asked_for_again(net, producer, listener):
    """Until there is one; the pauses grow, so that a producer that is away is not pestered."""
    net.fate = _only("/reply/")
    ring(producer)
    listener.live.clear()
    assert 0 < listener.work() <= 2.0
    assert listener.taken == []
    assert len([topic for topic, _ in net.heard if "/query/" in topic]) == 1


def test_nobody_asks_without_a_broker(net, listener):
    """Nor is the question spent: it is asked when there is a connection."""
    listener.bus.connected.clear()
    assert listener.catch_up.ask_what_is_due() == 0
    assert net.heard == []
    listener.bus.connect()
    listener.work()
    assert [topic for topic, _ in net.heard] == [HOUSE.query(NOTIFY, PRESSED)]


@pytest.mark.parametrize(
    ("source", "status", "asked"),
    [
        (HUB, b'{"state": "ready"}', 1),
        (HUB, b'{"state": "offline"}', 0),
        ("doorbell/handler/record", b'{"state": "ready"}', 0),
        (NOTIFY, b'{"state": "ready"}', 0),
    ],
)
def test_a_producer_that_comes_back_is_asked(net, listener, source, status, asked):
    """Another producer that has just become ready is asked; the own process never is."""
    listener.work()
    net.heard.clear()
    listener.bus.hear(HOUSE.status(source), status, retained=True)
    listener.work()
    assert net.heard == []
    listener.bus.hear(HOUSE.status(source), status)
    listener.work()
    assert [topic for topic, _ in net.heard] == [HOUSE.query(NOTIFY, PRESSED)] * asked


def test_a_short_answer_of_one_producer_does_not_put_off_the_long_one_of_another(
    net, states, listener, producer
):
    """With two hubs the backlog of the one is made up at once, whatever the other says."""
    other = Producer(states("barn"), net.bus(), "doorbell/hub/barn")
    net.fate = _only("/event/")
    said = [ring(producer).id for _ in range(3 * EVENTS)] + [ring(other).id]
    listener.work()
    assert sorted(listener.taken) == sorted(said)


def test_an_answer_from_before_a_reconnect_does_not_put_off_the_question_after_it(
    net, producer, listener
):
    """What happened while we were away is asked for as soon as we are back."""
    first = ring(producer)
    listener.catch_up.ask_what_is_due()
    listener.bus.connected.clear()
    missed = ring(producer)
    listener.bus.connect()
    listener.work()
    assert listener.taken == [first.id, missed.id]


def test_a_new_reaction_in_an_old_file_does_not_relive_the_past(tmp_path, net, states):
    """A function for a further event type gets what happens from then on, as in a new file."""
    record, long_ago = "doorbell/handler/record", datetime.now(UTC) - timedelta(days=90)
    producer = Producer(states("record"), net.bus(), record)
    for kind in ("snapshot.taken", "clip.recorded"):
        producer.publish(kind, "front", {}, time=long_ago)
    state, bus = states("notify"), net.bus()
    Listener(state, bus, ["snapshot.taken"], since=state.clock.unix_s()).work()
    bus.connected.clear()
    later = Listener(
        state, net.bus(), ["snapshot.taken", "clip.recorded"], since=state.clock.unix_s()
    )
    later.work()
    assert later.taken == []


def test_what_retention_took_is_passed_over(net, states, producer, listener, caplog):
    """The loss is told when it is repeated, in the log, and everything that is left arrives."""
    seen = ring(producer)
    listener.work()
    net.fate = _only("/event/")
    lost, left = ring(producer), ring(producer)
    with producer._state.write() as db:
        db.execute("DELETE FROM journal WHERE id IN (?, ?)", (seen.id, lost.id))
    listener.catch_up.ask_all()
    listener.work()
    assert listener.taken == [seen.id, left.id]
    assert cursor(listener.state) == 1
    listener.state.clock.passed_s += 4
    listener.catch_up.ask_all()
    listener.work()
    assert listener.taken == [seen.id, left.id]
    assert cursor(listener.state) == 3
    assert "front: 2 to 2" in caplog.text


def test_what_retention_took_of_a_numbering_that_is_new_is_told_too(
    net, states, producer, listener, caplog
):
    """A boot began it while the consumer was away; one that has never asked has lost nothing."""
    ring(producer)
    listener.work()
    net.fate = _only("/event/")
    producer._state.begin_epoch()
    lost, left = ring(producer), ring(producer)
    with producer._state.write() as db:
        db.execute("DELETE FROM journal WHERE id = ?", (lost.id,))
    Listener(states("record"), net.bus(), source="doorbell/handler/record").work()
    assert "lost to the retention" not in caplog.text
    for _ in range(2):  # it is believed when it is repeated
        listener.catch_up.ask_all()
        listener.work()
        listener.state.clock.passed_s += 4
    assert listener.taken[-1] == left.id
    assert f"lost to the retention of {HUB} before we could have it: {left.stream}: 1 to 1" in (
        caplog.text
    )


def test_a_page_that_nobody_asked_for_moves_nothing(producer, listener, net):
    """Else one message from anybody could make a handler take what comes for long had."""
    first = ring(producer)
    listener.work()
    head = {"stream": first.stream, "epoch": first.epoch, "after": 100_000, "last": 100_000}
    page = {"request": "0" * 36, "source": HUB, "heads": [head], "events": [], "more": False}
    net.take(HOUSE.reply(HUB, "notify"), json.dumps(page).encode())
    listener.work()
    second = ring(producer)
    listener.work()
    assert listener.taken == [first.id, second.id]


def test_a_producer_that_has_said_nothing_yet_becomes_known(net, states, producer):
    """Its first press is owed then, whatever either wall clock has done in between."""
    listener = Listener(states("notify"), net.bus(), since=datetime.now(UTC).timestamp())
    listener.work()
    listener.bus.connected.clear()
    pressed = ring(producer, age_s=3600)
    listener.bus.connect()
    listener.work()
    assert listener.taken == [pressed.id]


def test_who_lies_about_its_cursors_has_a_producer_number_anew_once_at_most(net, states):
    """A query may claim anything; of a numbering that began in this run it cannot know more."""
    states("hub").close()
    producer = Producer(states("hub"), net.bus(), HUB)
    ring(producer)
    epochs = set()
    for _ in range(3):
        epochs.add(producer._state.epoch)
        stream = streams.of(HUB, PRESSED, "front")
        question = {
            "request": "r",
            "cursors": [[stream, producer._state.epoch, 10**9]],
            "known": [],
            "since": 0,
        }
        net.bus().publish(HOUSE.query(NOTIFY, PRESSED), json.dumps(question).encode())
    assert len(epochs) == 2


def test_an_old_numbering_of_which_nothing_is_left_is_forgotten_at_both_ends(
    net, states, producer, listener
):
    """Each boot begins one; no question and no answer grows with them for ever."""
    ring(producer)
    producer.settle()
    listener.work()
    hub = producer._state
    hub.begin_epoch()
    ring(producer)
    producer.settle()
    listener.catch_up.ask_all()
    listener.work()
    assert len(listener.cursors.of_type(PRESSED)) == 2
    with hub.write() as db:
        db.execute("DELETE FROM journal WHERE epoch <> ?", (hub.epoch,))
    hub.clock.passed_s += 3700
    producer.settle()
    assert len(rows(hub, "SELECT * FROM head")) == 1
    listener.catch_up.ask_all()
    listener.work()
    assert len(listener.cursors.of_type(PRESSED)) == 2, "its last event may still be on its way"
    listener.state.clock.passed_s += 31 * 86_400
    listener.catch_up.ask_all()
    listener.work()
    assert [epoch for _, epoch, _ in listener.cursors.of_type(PRESSED)] == [hub.epoch]


def test_more_numberings_than_a_query_holds_are_caught_up_with(net, states, producer, listener):
    """Page after page, each event once; and what is missed later in any of them comes, too."""
    doors = [f"door{number:03}" for number in range(2 * CURSORS + 50)]
    said = [ring(producer, door).id for door in doors]
    net.fate = _only("/event/")
    said += [ring(producer, door).id for door in (doors[0], doors[CURSORS], doors[-1])]
    listener.bus.connect()
    listener.work()
    assert sorted(listener.taken) == sorted(said)
    queries = [Query.decode(load) for topic, load in net.heard if "/query/" in topic]
    assert max(len(query.cursors) for query in queries) == CURSORS


def test_a_new_consumer_of_many_numberings_is_owed_only_what_happened_since(net, states, producer):
    """Also where a reply cannot name them all: its producer is known after the last of them."""
    doors = [f"door{number:03}" for number in range(2 * HEADS + 50)]
    for door in doors:
        ring(producer, door, age_s=3000)
    listener = Listener(states("notify"), net.bus(), since=time.time() - 1500)
    new = [ring(producer, door).id for door in doors[::50]]
    listener.work()
    assert sorted(listener.taken) == sorted(new)
    assert rows(listener.state, "SELECT source FROM producer") == [(HUB,)]
    net.fate = _only("/event/")
    later = ring(producer, "new-door", age_s=2500)
    listener.catch_up.ask_all()
    listener.work()
    assert listener.taken[-1] == later.id


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_with_pages_of_two_each_event_is_taken_once(data):
    """Two hubs and many doors, with queries and replies lost on the way."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        files = ("home", "barn", "own")
        states = {
            n: stack.enter_context(closing(opened_state(Path(folder) / f"{n}.db"))) for n in files
        }
        net = FakeBroker()
        hubs = [Producer(states[n], net.bus(), f"doorbell/hub/{n}") for n in ("home", "barn")]
        listener = Listener(states["own"], net.bus(), most_cursors=2, most_events=2)
        fates = iter(lambda: data.draw(st.integers(0, 1)), None)
        net.fate = lambda *_: next(fates)
        said = []
        doors = st.sampled_from(["a", "b", "c", "d", "e"])
        for hub in data.draw(st.lists(st.sampled_from(hubs), min_size=1, max_size=12)):
            said.append(ring(hub, data.draw(doors)).id)
            listener.work()
        net.fate = lambda *_: 1
        said += [ring(hub, "a").id for hub in hubs]
        listener.bus.connect()
        while listener.work() < SOON_S:
            pass
        listener.catch_up.ask_all()
        listener.work()
        assert sorted(listener.taken) == sorted(said)


def test_as_many_producers_as_replies_fit_are_heard_at_once(net, states):
    """More of them than any house has: none of their replies is dropped."""
    producers = [
        Producer(states(f"hub{number}"), net.bus(), f"doorbell/hub/h{number}")
        for number in range(32)
    ]
    said = [ring(producer).id for producer in producers]
    listener = Listener(states("notify"), net.bus())
    listener.work()
    assert sorted(listener.taken) == sorted(said)


def test_a_producer_that_has_nothing_to_say_holds_no_round_up(net, producer, barn, listener):
    """It replies; with that all is known, and what is gone may be forgotten."""
    ring(barn)
    ring(producer)
    listener.work()
    barn._state.begin_epoch()  # a boot, and nobody rang since
    again = Listener(listener.state, net.bus())
    again.bus.hear(HOUSE.status(BARN), b'{"state": "ready"}', retained=True)
    assert again.catch_up.settles_in_s() > 0
    again.work()
    assert again.catch_up.settles_in_s() == 0


def test_a_reply_about_everything_makes_a_producer_known_however_late(net, producer, listener):
    """Also where each reply is overtaken by the next round: else its clock decides what it owes."""
    ring(producer)
    net.fate = lambda topic, _: -1 if "/reply/" in topic else 1
    listener.catch_up.ask_what_is_due()
    for _ in range(3):
        listener.catch_up.ask_all()
        listener.catch_up.ask_what_is_due()
        kept, net.kept = net.kept, net.kept[:1]
        net.fate = lambda *_: 1
        net.release()
        net.fate = lambda topic, _: -1 if "/reply/" in topic else 1
        net.kept = kept[1:]
        while listener.catch_up.next_event():
            pass
    assert listener.cursors.known_producers(PRESSED) == [HUB]
