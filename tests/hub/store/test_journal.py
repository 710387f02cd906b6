"""The journal: events are numbered, kept, and owed to the consumers that missed them."""

import json
import sqlite3
import time
from datetime import UTC, datetime

import pytest

from hub.store.journal import Journal
from hub.wire import streams
from hub.wire.event import BadEvent, decode
from hub.wire.query import Head
from tests.hub.fakes import HUB, PRESSED, journaled, rows

FRONT = streams.of(HUB, PRESSED, "front")
BACK = streams.of(HUB, PRESSED, "back")


@pytest.fixture
def journal(state):
    return Journal(state, HUB)


def _at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


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
        with state.write(durable=True) as db:
            lost.append(journal.append(db, PRESSED, "front", {}, time=datetime.now(UTC)))
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
    journal.mark_published({entries[1].position: 0.0})
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
    wish = "01234567-0000-7000-8000-000000000000"
    assert not journal.knows(wish)
    journaled(state, id=wish)
    assert journal.knows(wish)


def test_the_cursor_says_what_is_owed(state, journal):
    """Everything after it, by stream; nothing of other types; the head alone where all is known."""
    for door in ("front", "front", "front", "back"):
        journaled(state, subject=door)
    owed = journal.owed(PRESSED, {(FRONT, state.epoch): 1, (BACK, state.epoch): 1}, since=None)
    assert sorted(owed, key=lambda head: head.last) == [
        Head(BACK, state.epoch, after=1, last=1),
        Head(FRONT, state.epoch, after=1, last=3),
    ]
    assert journal.owed("doorbell.other", {}, since=None) == []


def test_the_cursor_of_another_epoch_means_nothing(state, journal):
    """A consumer of a journal that was lost is owed the whole of the new one."""
    journaled(state)
    (head,) = journal.owed(PRESSED, {(FRONT, "f" * 16): 41}, since=None)
    assert (head.after, head.last) == (0, 1)


@pytest.mark.parametrize(
    ("since", "after"), [(None, 0), (0.0, 0), (1000.0, 0), (1001.0, 1), (2500.0, 2), (9000.0, 3)]
)
def test_a_new_consumer_is_owed_what_happened_since_a_moment(state, journal, since, after):
    """Without a cursor a stream is owed from a moment on; without that, from its beginning."""
    for seconds in (1000, 2000, 3000):
        journaled(state, time=_at(seconds))
    (head,) = journal.owed(PRESSED, {}, since=since)
    assert (head.after, head.last) == (after, 3)


def test_a_cursor_counts_more_than_a_moment(state, journal):
    """A consumer that has come to 1 is owed 2, however long ago it happened."""
    for seconds in (1000, 2000):
        journaled(state, time=_at(seconds))
    (head,) = journal.owed(PRESSED, {(FRONT, state.epoch): 1}, since=time.time())
    assert head.after == 1


@pytest.mark.parametrize("cursor", [None, 0, 1, 2, 3])
def test_what_retention_removed_is_not_promised(state, journal, cursor):
    """The first two of four events are removed: the head says that they are not owed."""
    for _ in range(4):
        journaled(state)
    with state.write(durable=False) as db:
        db.execute("DELETE FROM journal WHERE sequence <= 2")
    cursors = {} if cursor is None else {(FRONT, state.epoch): cursor}
    (head,) = journal.owed(PRESSED, cursors, since=None)
    assert head.after == max(2, cursor or 0)
    assert [json.loads(wire)["sequence"] for wire in journal.page(head, 9)] == [
        f"{n:016d}" for n in range(head.after + 1, 5)
    ]
    assert journaled(state).sequence == 5


def test_a_page_holds_the_oldest_first(state, journal):
    """As many as asked for, in order, with the bytes that were published."""
    said = [journaled(state) for _ in range(5)]
    page = journal.page(Head(FRONT, state.epoch, after=1, last=5), 3)
    assert [json.loads(wire)["id"] for wire in page] == [event.id for event in said[1:4]]


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
