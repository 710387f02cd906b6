"""The cursors: how far a process has come, and what it has lost."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store.cursors import Cursors
from hub.store.inbox.inbox import Inbox
from hub.store.state import State
from hub.wire.query import Head
from tests.hub.fakes import HUB, PRESSED, cursor, rows
from tests.hub.store.taking import EPOCH, STREAM, finish, press, take


@pytest.fixture
def inbox(state):
    return Inbox(state)


@pytest.fixture
def cursors(state):
    return Cursors(state)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 9), max_size=9),
    st.integers(0, 9),
    st.sets(st.integers(1, 9)),
)
def test_an_event_that_is_not_owed_or_in_hand_never_comes_again(live, after, held_back):
    """Whatever came live before the reply, finished or not: no event is taken twice."""
    with tempfile.TemporaryDirectory() as folder, closing(State(Path(folder) / "own.db")) as state:
        inbox, taken = Inbox(state), []
        for sequence in live:
            if delivery := inbox.claim(press(sequence)):
                taken.append(sequence)
                if sequence not in held_back:
                    finish(state, inbox, delivery)
        Cursors(state).learn(HUB, PRESSED, [Head(STREAM, EPOCH, after, 9)])
        taken += [sequence for sequence in range(after + 1, 10) if take(state, inbox, sequence)]
        assert len(taken) == len(set(taken))
        assert set(taken) >= set(range(after + 1, 10))
        assert cursor(state) == 9


def test_an_event_that_the_cursor_passed_leaves_no_row(state, inbox, cursors):
    """A finished event ahead of a gap that retention closed leaves no row, either."""
    take(state, inbox, 1)
    take(state, inbox, 5)
    cursors.learn(HUB, PRESSED, [Head(STREAM, EPOCH, after=7, last=9)])
    assert rows(state, "SELECT sequence, state FROM inbox") == []


def test_the_gap_is_noticed(inbox):
    """An event after a missing one is behind until the missing one has come."""
    behind = [inbox.claim(press(sequence)).is_behind for sequence in (1, 3, 2, 4)]
    assert behind == [False, True, False, False]


def test_a_loss_to_retention_is_named(state, inbox, cursors):
    """Where a producer no longer has 2 and 3, the loss is named and the cursor moves on."""
    take(state, inbox, 1)
    assert cursors.learn(HUB, PRESSED, [Head(STREAM, EPOCH, after=3, last=4)]) == [
        f"{STREAM}: 2 to 3"
    ]
    assert cursors.of_type(PRESSED) == [(STREAM, EPOCH, 3)]
    assert cursors.known_producers(PRESSED) == [HUB]
    assert inbox.claim(press(3)) is None
    assert take(state, inbox, 4)


def test_an_event_that_a_new_consumer_is_not_owed_is_no_loss(state, inbox, cursors):
    """A consumer has lost nothing of what happened before its start."""
    assert cursors.learn(HUB, PRESSED, [Head(STREAM, EPOCH, after=3, last=4)]) == []


def test_the_beginning_of_a_new_numbering_is_a_loss_if_its_producer_was_known(cursors):
    """A producer that has replied before owes all of it: the missing beginning is named."""
    head = Head(STREAM, EPOCH, after=3, last=4)
    assert cursors.learn(HUB, PRESSED, [head], was_known=True) == [f"{STREAM}: 1 to 3"]
    assert cursors.learn(HUB, PRESSED, [head], was_known=True) == []
    assert cursors.of_type(PRESSED) == [(STREAM, EPOCH, 3)]


def test_an_older_reply_does_not_put_the_cursor_back(state, inbox, cursors):
    """Replies may be late and out of order."""
    cursors.learn(HUB, PRESSED, [Head(STREAM, EPOCH, after=5, last=5)])
    cursors.learn(HUB, PRESSED, [Head(STREAM, EPOCH, after=2, last=5)])
    assert cursor(state) == 5
