"""The producer publishes its journal until the broker has all of it, and replies to queries."""

import json
import os
import threading
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from config import JournalSettings as Limits
from hub.producer.producer import Producer
from hub.producer.relay import WINDOW
from hub.store.journal.journal import Journal
from hub.store.journal.retention import Retention
from hub.store.state import State
from hub.wire import streams
from hub.wire.event import decode
from hub.wire.query import EVENTS, EVENTS_UNASKED
from tests.house import until
from tests.hub.fakes import (
    HOUSE,
    HUB,
    NOTIFY,
    PRESSED,
    FakeBus,
    journaled,
    opened_state,
    ring,
    rows,
)

ASK = HOUSE.query(NOTIFY, PRESSED)
FRONT = streams.of(HUB, PRESSED, "front")


@dataclass
class Asker:
    """Asks a producer, and keeps the answers."""

    bus: FakeBus
    answers: list = field(default_factory=list)

    def __post_init__(self):
        self.bus.subscribe(HOUSE.reply("doorbell/+/+", "notify"), self._keep)

    def _keep(self, message):
        self.answers.append(json.loads(message.payload))

    def ask(self, cursors=(), known=(HUB,), since=0.0, **more):
        question = {"request": "r1", "cursors": list(cursors), "known": list(known), "since": since}
        question |= more
        self.bus.publish(ASK, json.dumps(question).encode())
        return self.answers.pop() if self.answers else None


@pytest.fixture
def bus(net):
    return net.bus()


@pytest.fixture
def producer(state, bus):
    return Producer(state, bus, HUB)


@pytest.fixture
def asker(net):
    return Asker(net.bus())


def _waiting(state):
    return [
        number
        for (number,) in rows(
            state, "SELECT sequence FROM journal WHERE published = 0 ORDER BY position"
        )
    ]


def test_what_is_said_is_published_as_it_stands_in_the_journal(net, producer, state):
    """The same bytes, on its own topic; marked when the broker has acknowledged them."""
    said = ring(producer, via="button")
    assert net.heard == [
        (HOUSE.event(HUB, PRESSED, "front"), payload)
        for (payload,) in rows(state, "SELECT payload FROM journal")
    ]
    assert decode(net.heard[0][1]) == said
    assert _waiting(state) == [1]
    producer.settle()
    assert _waiting(state) == []


def test_without_a_broker_it_waits_in_the_journal(net, state, bus, producer):
    """Nothing is lost before there is a connection; then all comes in the order of saying, once."""
    bus.connected.clear()
    said = [ring(producer, door) for door in ("front", "back", "front")]
    assert net.heard == []
    bus.connect()
    assert net.events(PRESSED) == said
    producer.settle()
    assert _waiting(state) == []


def test_what_was_not_acknowledged_is_published_again_after_a_reconnect(net, state, bus, producer):
    """The broker may have lost it; consumers drop what they have seen."""
    bus.acknowledges = None
    first, second = ring(producer), ring(producer)
    bus.acknowledges = True
    bus.connect()
    assert net.events(PRESSED) == [first, second, first, second]
    producer.settle()
    assert _waiting(state) == []


def test_what_was_acknowledged_is_not_published_again(net, bus, producer):
    """Not after a reconnect, not by a second look at the journal."""
    said = ring(producer)
    bus.connect()
    producer.publish_waiting()
    assert net.events(PRESSED) == [said]


def test_an_acknowledgement_of_the_old_connection_means_nothing_in_the_new_one(
    net, state, bus, producer
):
    """Numbers are reused in each connection: a stale one must not mark another event."""
    bus.acknowledges = None
    ring(producer)
    bus.connected.clear()
    bus.connect()
    bus.on_published(1, True)
    producer.settle()
    assert _waiting(state) == [1]
    bus.on_published(2, True)
    producer.settle()
    assert _waiting(state) == []


def test_what_a_crash_left_over_is_published_at_the_next_start(tmp_path, net):
    """A row that is not published takes the same way as a live event, in a new process too."""
    with closing(opened_state(tmp_path / "hub.db")) as state:
        left = journaled(state)
    with closing(opened_state(tmp_path / "hub.db")) as state:
        producer = Producer(state, net.bus(), HUB)
        producer.publish_waiting()
        assert net.events(PRESSED) == [left]


def test_what_the_broker_refuses_stays_in_the_journal(state, bus, producer):
    """Its ACL may be mended; the next connection tries again. Others are not held up by it."""
    bus.acknowledges = False
    ring(producer)
    bus.acknowledges = True
    ring(producer)
    producer.settle()
    assert _waiting(state) == [1]


def test_no_more_of_a_backlog_is_under_way_than_the_window(net, state, bus, producer):
    """No broker's queue overflows because of us. Half of it acknowledged: as many more follow."""
    bus.acknowledges = None
    bus.connected.clear()
    for _ in range(2 * WINDOW):
        journaled(state)
    producer.release(Journal(state, HUB).end())
    bus.connect()
    assert len(net.heard) == WINDOW
    for number in range(1, WINDOW // 2):
        bus.on_published(number, True)
    assert len(net.heard) == WINDOW
    bus.on_published(WINDOW // 2, True)
    assert len(net.heard) == WINDOW + WINDOW // 2


def test_what_is_acknowledged_can_be_marked_in_an_open_transaction(state, producer):
    """A handler's outcomes cost no commit of their own for that; undone, it is marked later."""
    ring(producer)
    with suppress(ZeroDivisionError), state.write() as db:
        producer.mark(db)
        raise ZeroDivisionError
    assert _waiting(state) == [1]
    with state.write() as db:
        marked = producer.mark(db)
    assert _waiting(state) == []
    producer.marked(marked)
    with state.write() as db:
        assert not producer.mark(db)


def test_many_acknowledgements_share_a_commit(state, bus, producer):
    """A handler that catches up marks them with its outcomes: the network thread leaves it that."""
    bus.acknowledges = None
    said = [ring(producer) for _ in range(2 * WINDOW)]
    for number in range(1, len(said) + 1):
        bus.on_published(number, True)
    assert len(_waiting(state)) == len(said)
    producer.settle()
    assert _waiting(state) == []


def test_a_long_journal_is_published_completely_and_in_order(net, state, bus, producer):
    """More than any window: every event once, in the order of its sequence."""
    bus.connected.clear()
    said = [journaled(state) for _ in range(5 * WINDOW)]
    producer.release(Journal(state, HUB).end())
    bus.connect()
    assert net.events(PRESSED) == said
    producer.settle()
    assert _waiting(state) == []


def test_a_consumer_is_answered_from_where_it_is(producer, asker, state):
    """What comes after its cursor, and how far the topic goes."""
    said = [ring(producer) for _ in range(3)]
    answer = asker.ask([(FRONT, state.epoch, 1)])
    assert answer["source"] == HUB
    assert answer["request"] == "r1"
    assert answer["heads"] == [{"stream": FRONT, "epoch": state.epoch, "after": 1, "last": 3}]
    assert [wire["id"] for wire in answer["events"]] == [event.id for event in said[1:]]
    assert answer["more"] is False


@pytest.mark.parametrize(("known", "ids"), [((), 1), ((HUB,), 2), (("doorbell/hub/other",), 1)])
def test_only_who_knows_us_is_owed_everything(producer, asker, known, ids):
    """A consumer that never had our answer is owed what happened since the moment that it names."""
    ring(producer, age_s=3600)
    late = ring(producer)
    answer = asker.ask(known=known, since=late.time.timestamp() - 60)
    assert len(answer["events"]) == ids
    assert answer["events"][-1]["id"] == late.id


def test_a_long_answer_says_that_there_is_more(producer, asker, state):
    """Pages are small; the next question gets the next one, and every event is in one of them."""
    said = [journaled(state).id for _ in range(2 * EVENTS + 1)]
    got, more = [], True
    while more:
        page = asker.ask([(FRONT, state.epoch, len(got))])
        got, more = got + [wire["id"] for wire in page["events"]], page["more"]
    assert got == said


@pytest.mark.parametrize(("said", "count"), [({}, EVENTS_UNASKED), ({"events": 3}, 3)])
def test_a_query_says_how_many_events_it_takes(producer, asker, said, count):
    """A consumer of an earlier version, which does not say it, takes no more than it ever did."""
    for _ in range(EVENTS_UNASKED + 1):
        ring(producer)
    page = asker.ask(**said)
    assert (len(page["events"]), page["more"]) == (count, True)


def test_a_page_stays_below_a_size(producer, asker):
    """Large events make more pages, not larger ones."""
    for _ in range(4):
        ring(producer, picture="x" * 50_000)
    page = asker.ask()
    assert (len(page["events"]), page["more"]) == (2, True)


@pytest.mark.parametrize("letter", ["ж", "\N{DOG FACE}"])
def test_every_page_brings_one_event_at_least(producer, asker, letter):
    """Whatever may be said can also be caught up with."""
    ring(producer, words=letter * (60_000 // len(letter.encode())))
    ring(producer)
    assert asker.ask()["events"]


def test_who_has_nothing_of_a_type_says_so_where_it_may_come_from_it(net, states, asker):
    """A hub, of which the press would be: so no reply is lost unnoticed. No handler replies."""
    handler = "doorbell/handler/x"
    producers = [Producer(states(name[-1]), net.bus(), name) for name in (HUB, handler)]
    assert asker.ask(known=[HUB, handler])["heads"] == []
    question = {"request": "r2", "cursors": [], "known": [handler], "since": 0.0}
    asker.bus.publish(HOUSE.query(NOTIFY, "x.said"), json.dumps(question).encode())
    told = [topic for topic, _ in net.heard if "/reply/" in topic]
    assert told == [HOUSE.reply(HUB, "notify")], producers


@pytest.mark.parametrize(
    "question",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"request": "r", "cursors": 1, "known": [], "since": 0}',
        b'{"request": "r", "cursors": [[[], "e", 1]], "known": [], "since": 0}',
        b'{"request": "r", "cursors": [], "known": null, "since": 0}',
        b'{"request": "r", "cursors": [], "known": [], "since": "x"}',
        pytest.param(b'{"request": "r", "cursors": [["t", "e", 1e999]], "known": [], "since": 0}'),
    ],
)
def test_a_question_that_is_none_harms_nobody(producer, asker, question):
    """It is passed over, and the next one is answered."""
    ring(producer)
    asker.bus.publish(ASK, question)
    assert asker.answers == []
    assert asker.ask()


def test_a_lost_acknowledgement_does_not_silence_the_producer(net, bus, producer):
    """A broker that forgets to acknowledge delays what it forgot, not the next press."""
    bus.acknowledges = None
    for _ in range(WINDOW):
        ring(producer)
    bus.acknowledges = True
    assert ring(producer) in net.events(PRESSED)


def test_two_producers_do_not_answer_for_each_other(net, states, asker):
    """Each answers under its own source, with its own events."""
    own = [Producer(states(name), net.bus(), f"doorbell/hub/{name}") for name in ("home", "barn")]
    for producer in own:
        ring(producer)
    asker.ask()
    topics_used = {topic for topic, _ in net.heard if "/reply/" in topic}
    assert topics_used == {"doorbell/hub/home/reply/notify", "doorbell/hub/barn/reply/notify"}


@pytest.fixture
def slow_disk(monkeypatch):
    """No sync ends before the event that is given is set."""
    let_go = threading.Event()
    sync = os.fdatasync

    def slow(descriptor):
        let_go.wait()
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    yield let_go
    let_go.set()


def test_only_what_was_seen_once_is_published_before_its_sync(tmp_path, net, slow_disk):
    """Everything else could be made a second time after a power cut, under another number."""
    with closing(State(tmp_path / "hub.db")) as state:
        slow_disk.set()
        state.sync()
        slow_disk.clear()
        bus = net.bus()
        producer = Producer(state, bus, HUB)
        bus.connect()
        now = datetime.now(UTC)
        seen = producer.publish(PRESSED, "front", {}, time=now, seen_once=True)
        assert net.events(PRESSED) == [seen]
        command = producer.publish(PRESSED, "front", {}, time=now, id="a command's")
        after = producer.publish(PRESSED, "front", {}, time=now, seen_once=True)
        assert net.events(PRESSED) == [seen]
        slow_disk.set()
        until(lambda: len(net.events(PRESSED)) == 3, "what waited is not published")
        assert net.events(PRESSED) == [seen, command, after]


def test_a_reply_waits_for_the_sync_of_what_it_says_and_of_nothing_else(tmp_path, net, slow_disk):
    """That of how far the consumer has come would cost each page of a catch-up a sync."""
    asker = Asker(net.bus())
    with closing(State(tmp_path / "hub.db")) as state:
        slow_disk.set()
        producer = Producer(state, net.bus(), HUB)
        ring(producer)
        state.sync()
        slow_disk.clear()
        at_once = asker.ask()
        known = producer.consumers()
        ring(producer)
        too_early = asker.ask()
        slow_disk.set()
        assert at_once
        assert len(at_once["events"]) == 1
        assert known == {"notify"}
        assert too_early is None
        until(lambda: asker.answers, "no reply after the sync")
        assert len(asker.answers[0]["events"]) == 2


def test_what_is_published_is_not_looked_at_again(net, state, bus, producer):
    """A journal of years is not read at each connection; what waits before or behind is found."""
    ring(producer)
    bus.acknowledges = False
    refused = ring(producer)
    bus.acknowledges = True
    ring(producer)
    producer.settle()
    Retention(state, Limits()).sweep()
    assert Journal(state, HUB).published_to() == refused.sequence - 1
    heard = len(net.events(PRESSED))
    bus.connected.clear()
    waiting = ring(producer)
    bus.connect()
    assert net.events(PRESSED)[heard:] == [refused, waiting]


def test_what_follows_a_publication_and_fails_harms_no_event(net, state):
    """The next events are published, and who reports one gets it back."""
    bus = net.bus()
    producer = Producer(state, bus, HUB)

    def fail(_, __):
        raise ValueError("somebody's fault")

    producer.on_sent(fail)
    events = [
        producer.publish(PRESSED, "front", {}, time=datetime.now(UTC), seen_once=seen_once)
        for seen_once in (True, False, True)
    ]
    until(lambda: len(net.events(PRESSED)) == len(events), "all are published")
    assert [event.id for event in net.events(PRESSED)] == [event.id for event in events]


@pytest.mark.parametrize("fails", [False, True])
def test_a_press_comes_onto_the_disk_whatever_becomes_of_its_publication(
    tmp_path, net, monkeypatch, fails
):
    """Without a broker, too, and where the bus fails: nothing else need follow."""
    syncs = []
    sync = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda log: (sync(log), syncs.append(log)))

    def fail(*_, **__):
        raise ValueError("somebody's fault")

    with closing(State(tmp_path / "hub.db")) as state:
        producer = Producer(state, bus := net.bus(connected=fails), HUB)
        state.sync()
        until(lambda: state._file.flusher._synced == state._file.flusher._commits, "all is synced")
        if fails:
            monkeypatch.setattr(bus, "publish", fail)
        before = len(syncs)
        with suppress(ValueError):
            producer.publish(PRESSED, "front", {}, time=datetime.now(UTC), seen_once=True)
        until(lambda: len(syncs) > before, "the press is synced")
