"""The backlog: what of a journal a consumer is owed."""

import json
import time
from datetime import UTC, datetime

import pytest

from hub.store.journal.backlog import Backlog
from hub.wire import streams
from hub.wire.query import Head
from tests.hub.fakes import HUB, PRESSED, journaled

FRONT = streams.of(HUB, PRESSED, "front")
BACK = streams.of(HUB, PRESSED, "back")


@pytest.fixture
def backlog(state):
    return Backlog(state, HUB)


def _at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def test_the_cursor_says_what_is_owed(state, backlog):
    """Everything after it, by stream; nothing of other types; the head alone where all is known."""
    for door in ("front", "front", "front", "back"):
        journaled(state, subject=door)
    owed = backlog.owed(PRESSED, {(FRONT, state.epoch): 1, (BACK, state.epoch): 1}, since=None)
    assert sorted(owed, key=lambda head: head.last) == [
        Head(BACK, state.epoch, after=1, last=1),
        Head(FRONT, state.epoch, after=1, last=3),
    ]
    assert backlog.owed("doorbell.other", {}, since=None) == []


def test_the_cursor_of_another_epoch_means_nothing(state, backlog):
    """A consumer of a journal that was lost is owed the whole of the new one."""
    journaled(state)
    (head,) = backlog.owed(PRESSED, {(FRONT, "f" * 16): 41}, since=None)
    assert (head.after, head.last) == (0, 1)


@pytest.mark.parametrize(
    ("since", "after"), [(None, 0), (0.0, 0), (1000.0, 0), (1001.0, 1), (2500.0, 2), (9000.0, 3)]
)
def test_a_new_consumer_is_owed_what_happened_since_a_moment(state, backlog, since, after):
    """Without a cursor a stream is owed from a moment on; without that, from its beginning."""
    for seconds in (1000, 2000, 3000):
        journaled(state, time=_at(seconds))
    (head,) = backlog.owed(PRESSED, {}, since=since)
    assert (head.after, head.last) == (after, 3)


def test_a_cursor_counts_more_than_a_moment(state, backlog):
    """A consumer that has come to 1 is owed 2, however long ago it happened."""
    for seconds in (1000, 2000):
        journaled(state, time=_at(seconds))
    (head,) = backlog.owed(PRESSED, {(FRONT, state.epoch): 1}, since=time.time())
    assert head.after == 1


@pytest.mark.parametrize("cursor", [None, 0, 1, 2, 3])
def test_what_retention_removed_is_not_promised(state, backlog, cursor):
    """The first two of four events are removed: the head says that they are not owed."""
    for _ in range(4):
        journaled(state)
    with state.write() as db:
        db.execute("DELETE FROM journal WHERE sequence <= 2")
    cursors = {} if cursor is None else {(FRONT, state.epoch): cursor}
    (head,) = backlog.owed(PRESSED, cursors, since=None)
    assert head.after == max(2, cursor or 0)
    page = backlog.page(head, 9)
    assert [number for number, _ in page] == list(range(head.after + 1, 5))
    assert [int(json.loads(wire)["sequence"]) for _, wire in page] == [n for n, _ in page]
    assert journaled(state).sequence == 5


def test_a_page_ends_with_its_head(state, backlog):
    """Whatever is journaled meanwhile: a reply with more than its heads say is refused."""
    journaled(state)
    (head,) = backlog.owed(PRESSED, {}, since=None)
    journaled(state)
    assert [sequence for sequence, _ in backlog.page(head, 9)] == [1]


def test_a_page_holds_the_oldest_first(state, backlog):
    """As many as asked for, in order, with the bytes that were published."""
    said = [journaled(state) for _ in range(5)]
    page = backlog.page(Head(FRONT, state.epoch, after=1, last=5), 3)
    assert [json.loads(wire)["id"] for _, wire in page] == [event.id for event in said[1:4]]
