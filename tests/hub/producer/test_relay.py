"""The relay takes what it publishes from memory where it can, and from the journal where not."""

import sqlite3

import pytest

from hub.producer.producer import Producer
from hub.producer.relay import LIVE_WINDOW
from hub.store.journal.journal import Journal
from tests.hub.fakes import HUB, PRESSED, journaled, ring, rows


@pytest.fixture
def reads(monkeypatch):
    """How often the journal was read for what is to be published."""
    found = []
    read = Journal.unpublished

    def unpublished(*args, **more):
        found.append(args)
        return read(*args, **more)

    monkeypatch.setattr(Journal, "unpublished", unpublished)
    return found


@pytest.fixture
def bus(net):
    return net.bus()


def test_what_was_journaled_just_now_is_not_read_again(net, state, bus, reads):
    """Several presses while the connection was away need no look at the journal either."""
    bus.connected.clear()
    producer = Producer(state, bus, HUB)
    said = [ring(producer) for _ in range(3)]
    bus.connect()
    said.append(ring(producer))
    assert net.events(PRESSED) == said
    assert not reads


def test_what_does_not_fit_the_memory_comes_from_the_journal_in_order_and_once(net, state, bus):
    """A long time without a broker; after it, nothing acknowledged is sent a second time."""
    producer = Producer(state, bus, HUB)
    bus.connected.clear()
    said = [ring(producer) for _ in range(LIVE_WINDOW + 30)]
    bus.connect()
    assert net.events(PRESSED) == said
    bus.connect()
    assert net.events(PRESSED) == said


def test_what_an_earlier_process_left_goes_before_what_is_at_hand(net, state, bus):
    """The order is the journal's."""
    left = [journaled(state) for _ in range(3)]
    bus.connected.clear()
    producer = Producer(state, bus, HUB)
    new = ring(producer)
    bus.connect()
    assert net.events(PRESSED) == [*left, new]


def test_after_a_reconnect_nothing_is_left_to_publish(net, state, bus):
    """A program that ends then need not wait for it; and what comes next is sent from memory."""
    producer = Producer(state, bus, HUB)
    said = [ring(producer) for _ in range(3)]
    bus.connect()
    assert producer.has_published_all()
    said.append(ring(producer))
    assert net.events(PRESSED) == said


@pytest.mark.parametrize("read", ["published_to", "unpublished"])
def test_a_journal_that_cannot_be_read_holds_up_no_press(state, bus, read, monkeypatch, caplog):
    """It is written down, and who saw it learns that. It is published once the disk is read."""
    producer = Producer(state, bus, HUB)
    bus.acknowledges = None
    lost = ring(producer)

    def fail(*_, **__):
        with state.read():
            raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, read, fail)
        bus.connect()
        bus.broker.heard.clear()
        pressed = ring(producer)
        producer.settle()
        assert not bus.broker.events(PRESSED)
        assert producer.journal.knows(pressed.id)
        held_up = [one for one in caplog.messages if one.startswith("publishing is held up: ")]
        assert len(held_up) == 1
    assert rows(state, "SELECT published FROM journal") == [(0,), (0,)]
    bus.acknowledges = True
    producer.settle()
    assert bus.broker.events(PRESSED) == [lost, pressed]
    producer.settle()
    assert rows(state, "SELECT published FROM journal") == [(1,), (1,)]
