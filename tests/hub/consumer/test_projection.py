"""A process that only keeps records of events: it misses none, and has none twice."""

import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from hub.consumer.projection import Projection
from hub.producer.producer import Producer
from hub.store.file.memory_fallback import WRITE_BACK_S
from hub.wire import topics
from hub.wire.event import encode, uuid7
from tests.house import until
from tests.hub.fakes import HOUSE, NOTIFY, PRESSED, FakeClock, opened_state, ring, rows
from tests.hub.store.file.test_memory_fallback import _full_disk as full_disk

WEB = topics.source("web", "home")


class _Records:
    """Keeps the ids of the events; some can be made to fail."""

    def __init__(self, state, net, *, since_s=0.0):
        self.state = state
        self.told = []
        self.fails = lambda _: None
        state.do(lambda db: db.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT)"))
        self.bus = net.bus()
        self.projection = Projection(
            WEB,
            state=state,
            bus=self.bus,
            keep=self._keep,
            on_kept=self.told.extend,
            since_s=since_s,
        )

    def seen(self):
        return [one for (one,) in rows(self.state, "SELECT id FROM seen")]

    def _keep(self, db, event):
        db.execute("INSERT INTO seen VALUES (?)", (event.id,))
        self.fails(event)
        return event.id

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self.projection.run)
        thread.start()
        try:
            yield
        finally:
            self.projection.stop()
            thread.join()

    def sees(self, *events):
        wanted = [event.id for event in events]
        until(lambda: sorted(self.seen()) == sorted(wanted), lambda: f"{self.seen()} of {wanted}")


@pytest.fixture
def records(states, net):
    return _Records(states("web-home"), net)


def test_it_has_each_event_once_live_or_missed(states, net, hub):
    """What was lost on the way is asked for; what comes twice is kept once."""
    records = _Records(states("web-home"), net)
    notify = Producer(states("notify"), net.bus(), NOTIFY)
    with records.running():
        records.bus.connect()
        net.fate = lambda topic, _: 0 if "/event/" in topic else 1
        lost = ring(hub)
        net.fate = lambda topic, _: 2 if "/event/" in topic else 1
        live = ring(hub)
        other = notify.publish("clip.recorded", "front", {}, time=datetime.now(UTC))
        records.sees(lost, live, other)
    assert not rows(records.state, "SELECT * FROM inbox")
    assert not rows(records.state, "SELECT * FROM journal")


def test_it_catches_up_after_it_was_away(states, net, hub):
    """The next process goes on where the last one was, and has nothing twice."""
    first = _Records(states("web-home"), net)
    with first.running():
        first.bus.connect()
        seen = ring(hub)
        first.sees(seen)
    first.bus.connected.clear()
    missed = [ring(hub), ring(hub, "back")]
    second = _Records(first.state, net)
    with second.running():
        second.bus.connect()
        second.sees(seen, *missed)


def test_its_queries_are_not_mistaken_for_those_of_a_handler(net, records):
    """A hub and a handler may have one name: the page's replies go to `web.NAME`."""
    with records.running():
        records.bus.connect()
        until(lambda: any("/query/all" in topic for topic, _ in net.heard), "it asks")
    assert HOUSE.reply("doorbell/+/+", "web.home") in records.bus.filters()


def test_an_event_that_cannot_be_kept_does_not_block_the_others(records, hub):
    """Its own record is undone, the log says so, and it counts as taken."""
    bad = []
    records.fails = lambda event: event.id in bad and 1 / 0
    with records.running():
        records.bus.connect()
        bad.append(uuid7())
        hub.publish(PRESSED, "front", {}, time=datetime.now(UTC), id=bad[0])
        good = ring(hub)
        records.sees(good)
    again = _Records(records.state, records.bus.broker)
    with again.running():
        again.bus.connect()
        last = ring(hub)
        again.sees(good, last)


def test_two_events_with_one_number_are_kept_both(records, hub, net):
    """Without an access control list anybody may forge a number, also in the same moment."""
    with records.running():
        records.bus.connect()
        first = ring(hub)
        records.sees(first)
        real = ring(hub)
        forged = type(real)(
            **{name: getattr(real, name) for name in real.__slots__} | {"id": uuid7()}
        )
        net.take(HOUSE.of_event(forged), encode(forged))
        records.sees(first, real, forged)


def test_a_crash_before_the_commit_loses_nothing(tmp_path, net, hub):
    """The record and the mark in the inbox are one transaction: both are there, or neither."""
    path = tmp_path / "web-home.db"
    with closing(opened_state(path, FakeClock())) as state:
        records = _Records(state, net)
        records.projection._stopping.set()
        event = ring(hub)
        with pytest.raises(KeyboardInterrupt):
            state.do(lambda db: _crash(records, db, event))
        assert records.seen() == []
        records.bus.connected.clear()
        second = _Records(state, net)
        with second.running():
            second.bus.connect()
            second.sees(event)


def _crash(records, db, event):
    records.projection._kept_one(db, event, None, missed=False)
    raise KeyboardInterrupt


def test_it_goes_on_in_memory_while_the_disk_takes_nothing(records, hub):
    """What it keeps of its own is written back with the cursors, when the disk takes it again."""
    with records.running():
        records.bus.connect()
        before = ring(hub)
        records.sees(before)
        with full_disk():
            during = ring(hub)
            records.sees(before, during)
            assert records.state.disk_fault
            until(lambda: records.told == [before.id, during.id], lambda: records.told)
        records.state.clock.passed_s += WRITE_BACK_S
        records.projection._live.wake()
        until(lambda: not records.state.disk_fault, "it is written back")
        after = ring(hub)
        records.sees(before, during, after)
