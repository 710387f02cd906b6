"""The journal: events are numbered and kept until the broker has them."""

import sqlite3
from datetime import UTC, datetime

import pytest

from hub.store.journal.journal import Journal
from hub.wire import streams
from hub.wire.event import BadEvent, decode
from tests.hub.fakes import HUB, PRESSED, journaled, rows

FRONT = streams.of(HUB, PRESSED, "front")
BACK = streams.of(HUB, PRESSED, "back")


@pytest.fixture
def journal(state):
    return Journal(state, HUB)


def test_each_stream_counts_for_itself(state):
    """Its sequence begins with 1 and has no gap, whatever happens in other streams."""
    said = [journaled(state, subject=door) for door in ("front", "front", "back", "front", "back")]
    assert [(event.subject, event.sequence) for event in said] == [
        ("front", 1),
        ("front", 2),
        ("back", 1),
        ("front", 3),
        ("back", 2),
    ]
    assert {event.epoch for event in said} == {state.epoch}


def test_a_rollback_takes_the_event_and_its_number_back(state, journal):
    """An event of a transaction that failed does not exist, and leaves no gap."""
    journaled(state)
    lost = []

    def say_and_fail():
        with state.write() as db:
            lost.append(journal.append(db, PRESSED, "front", {}, time=datetime.now(UTC))[0])
            raise LookupError

    with pytest.raises(LookupError):
        say_and_fail()
    assert not journal.knows(lost[0].id)
    assert [decode(entry.payload).sequence for entry in journal.unpublished(0, 9)] == [1]
    assert journaled(state).sequence == 2


@pytest.mark.parametrize("data", [{"x": {1}}, {"x": float("inf")}, {"x": "y" * 65_536}])
def test_data_that_cannot_be_published_is_not_journaled(state, data):
    """It is refused at the call, and nothing is written."""
    with pytest.raises(BadEvent):
        journaled(state, data=data)
    assert rows(state, "SELECT * FROM journal") == []


@pytest.mark.parametrize(
    ("kind", "subject"), [("pressed", "front"), (PRESSED, "Front/Door"), ("clip.due", "front")]
)
def test_what_every_consumer_would_refuse_is_not_journaled(state, kind, subject):
    """An event that no consumer can read is refused at the call."""
    with pytest.raises(BadEvent):
        journaled(state, kind, subject)


def test_unpublished_events_come_in_their_order(state, journal):
    """Oldest first over all streams, after a position, and no more than asked for."""
    said = [journaled(state, subject=door) for door in ("front", "back", "front", "back")]
    entries = journal.unpublished(0, 9)
    assert [decode(entry.payload) for entry in entries] == said
    assert [entry.stream for entry in entries] == [event.stream for event in said]
    state.do(lambda db: journal.mark_published(db, {entries[1].position: 0.0}))
    assert [entry.position for entry in journal.unpublished(0, 2)] == [
        entries[0].position,
        entries[2].position,
    ]
    assert journal.unpublished(entries[3].position, 9) == []
    assert journal.unpublished(0, 0) == []


def test_an_event_with_a_cause_belongs_to_its_trace(state):
    """It names its cause and shares the trace id; an event without a cause begins a trace."""
    first = journaled(state)
    second = journaled(state, cause=first)
    assert (first.cause, second.cause) == (None, first.id)
    assert second.traceparent.split("-")[1] == first.traceparent.split("-")[1]


def test_an_id_is_known_for_as_long_as_the_event_is_kept(state, journal):
    """A command that is delivered twice rings once."""
    command = "01234567-0000-7000-8000-000000000000"
    assert not journal.knows(command)
    journaled(state, id=command)
    assert journal.knows(command)


def test_a_restored_journal_does_not_use_a_number_twice(states, tmp_path, state):
    """After a restore a new press must not get the number of another press."""
    journaled(state)
    backup = sqlite3.connect(tmp_path / "restored.db")
    with state.read() as db:
        db.backup(backup)
    backup.close()
    after_backup = journaled(state)
    state.close()
    after_restore = journaled(states("restored"))
    key = (after_restore.epoch, after_restore.sequence)
    assert key != (after_backup.epoch, after_backup.sequence)
