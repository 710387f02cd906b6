"""The inbox: each event is taken once, whatever order it comes in and however often."""

import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store.inbox import Inbox
from hub.store.state import State
from tests.hub.fakes import cursor, rows
from tests.hub.store.taking import finish, press, take


@pytest.fixture
def inbox(state):
    return Inbox(state)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 12).flatmap(lambda n: st.permutations([*range(1, n + 1), *range(1, n + 1, 2)]))
)
def test_any_order_and_any_repetition_is_taken_once(sequences):
    """Each of events 1 to n is taken once, the cursor ends at n, and no row is left."""
    with tempfile.TemporaryDirectory() as folder, closing(State(Path(folder) / "own.db")) as state:
        inbox = Inbox(state)
        taken = [sequence for sequence in sequences if take(state, inbox, sequence)]
        assert sorted(taken) == list(range(1, max(sequences) + 1))
        assert cursor(state) == max(sequences)
        assert rows(state, "SELECT * FROM inbox") == []


def test_an_event_in_hand_is_not_taken_again(state, inbox):
    """A claimed event counts as taken, even if it is not finished."""
    assert inbox.claim(press(1), durable=True)
    assert inbox.claim(press(1), durable=True) is None


def test_another_epoch_is_another_numbering(state, inbox):
    """Event 1 of a producer that lost its journal is not its event 1 of before."""
    assert take(state, inbox, 1)
    assert inbox.claim(press(1, "f" * 16), durable=False)


def test_the_same_number_on_another_stream_is_another_event(state, inbox):
    """Each door counts for itself."""
    assert take(state, inbox, 1)
    assert inbox.claim(replace(press(1), subject="back"), durable=False)


def test_an_event_in_hand_at_a_crash_is_due_again_as_redelivered(state, inbox):
    """The attempts go on counting, and every later attempt knows of the crash."""
    first = inbox.claim(press(1), durable=True)
    assert (first.event.attempt, first.event.redelivered) == (1, False)
    inbox.recover()
    assert inbox.due_in_s() == 0.0
    second = inbox.take_due(durable=True)
    assert (second.event.attempt, second.event.redelivered) == (2, True)
    with state.write(durable=True) as db:
        inbox.retry(db, second, 200.0)
    state.clock.passed_s = 200.0
    third = inbox.take_due(durable=True)
    assert (third.event.attempt, third.event.redelivered) == (3, True)
    finish(state, inbox, third)
    assert rows(state, "SELECT * FROM inbox") == []


def test_a_retry_is_taken_when_it_is_due(state, inbox):
    """It is not taken before, the earliest comes first, and it is no redelivery."""
    for sequence, due in ((1, 300.0), (2, 200.0)):
        delivery = inbox.claim(press(sequence), durable=False)
        with state.write(durable=False) as db:
            inbox.retry(db, delivery, due)
    state.clock.passed_s = 199.0
    assert inbox.take_due(durable=False) is None
    state.clock.passed_s = 400.0
    delivery = inbox.take_due(durable=False)
    assert (delivery.sequence, delivery.event.attempt, delivery.event.redelivered) == (2, 2, False)
    assert inbox.take_due(durable=False).sequence == 1


def test_a_dead_letter_keeps_its_event_and_its_reason(state, inbox):
    """It is never due again, holds up no other event, and is not taken when it comes again."""
    delivery = inbox.claim(press(1), durable=False)
    with state.write(durable=True) as db:
        inbox.dead_letter(db, delivery, "no such camera")
    inbox.recover()
    assert inbox.due_in_s() is None
    assert inbox.claim(press(1), durable=False) is None
    ((sequence, reason, payload),) = rows(
        state, "SELECT sequence, reason, payload FROM inbox WHERE state = 'dead'"
    )
    assert (sequence, reason) == (1, "no such camera")
    assert delivery.event.id.encode() in payload
    assert take(state, inbox, 2)
