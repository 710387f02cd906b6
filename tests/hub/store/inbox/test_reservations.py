"""Reservations: an observer takes each event once, and claims it with its outcome."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.store.inbox.inbox import Inbox
from hub.store.state import State
from tests.hub.fakes import FakeClock, cursor, rows
from tests.hub.store.taking import finish, press, take


@pytest.fixture
def clock():
    """The machine's."""
    return FakeClock()


@pytest.fixture
def inbox(state):
    """One whose process has begun."""
    inbox = Inbox(state)
    inbox.recover()
    return inbox


def _reserve(inbox, *sequences):
    return inbox.reserve([(press(sequence), None) for sequence in sequences])


def _process(path, clock):
    """A process begins on this state file."""
    state = State(path, clock)
    inbox = Inbox(state)
    inbox.recover()
    return closing(state), inbox


def _seen(clock, sequence, ago_s=1.0):
    """A press that this machine saw, so long ago."""
    moment = {"boot": clock.boot, "uptime_s": clock.uptime_s() - ago_s}
    return replace(press(sequence), time=clock.utc() - timedelta(seconds=ago_s), **moment)


def test_a_reserved_event_has_no_row_until_it_is_finished(state, inbox):
    """Then the cursor passes it, in the transaction of its outcome."""
    (delivery,) = _reserve(inbox, 1)
    assert rows(state, "SELECT * FROM inbox") == []
    assert cursor(state) is None
    finish(state, inbox, delivery)
    assert rows(state, "SELECT * FROM inbox") == []
    assert cursor(state) == 1
    assert _reserve(inbox, 1) == [None]


def test_an_event_is_reserved_once(state, inbox):
    """Neither twice in one go, nor when it was taken before, nor when it is to be tried again."""
    take(state, inbox, 1)
    third = inbox.claim(press(3))
    with state.write() as db:
        inbox.retry(db, third, 60.0)
    reserved = _reserve(inbox, 1, 2, 3, 2, 4)
    assert [delivery and delivery.sequence for delivery in reserved] == [None, 2, None, None, 4]


def test_what_follows_a_gap_is_taken_once_also_when_the_gap_is_filled(state, inbox):
    """It has a row as long as it is ahead of the cursor."""
    first, third = _reserve(inbox, 1, 3)
    assert (first.is_behind, third.is_behind) == (False, True)
    finish(state, inbox, third)
    finish(state, inbox, first)
    assert cursor(state) == 1
    assert _reserve(inbox, 3) == [None]
    (second,) = _reserve(inbox, 2)
    finish(state, inbox, second)
    assert cursor(state) == 3
    assert rows(state, "SELECT * FROM inbox") == []


def test_a_reserved_event_that_failed_is_in_the_inbox(state, inbox):
    """It is tried again, or a dead letter; what came before it and has no outcome is still owed."""
    _, second, third = _reserve(inbox, 1, 2, 3)
    with state.write() as db:
        inbox.retry(db, second, 0.0)
        inbox.dead_letter(db, third, "no room")
    assert cursor(state) is None
    found = rows(state, "SELECT sequence, state, attempts, reason FROM inbox ORDER BY sequence")
    assert found == [(2, "waiting", 1, None), (3, "dead", 1, "no room")]
    assert inbox.take_due().event.attempt == 2


def test_what_a_process_may_have_done_without_a_trace_comes_as_redelivered(tmp_path, clock):
    """Its successor claims it; what happens after that start is new."""
    first, inbox = _process(tmp_path / "log.db", clock)
    with first:
        inbox.reserve([(_seen(clock, 1), None)])
    second, inbox = _process(tmp_path / "log.db", clock)
    with second:
        (again,) = inbox.reserve([(_seen(clock, 1), None)], missed=True)
        (fresh,) = inbox.reserve([(_seen(clock, 2, ago_s=-1.0), None)])
    assert (again.event.redelivered, again.is_claimed) == (True, True)
    assert (fresh.event.redelivered, fresh.is_claimed) == (False, True)


def test_it_comes_so_also_to_later_processes(tmp_path, clock):
    """Its producer may be away for long."""
    first, inbox = _process(tmp_path / "log.db", clock)
    event = _seen(clock, 1)
    with first:
        inbox.reserve([(event, None)])
    for _ in range(2):
        orderly, inbox = _process(tmp_path / "log.db", clock)
        with orderly:
            inbox.reserve([])
            inbox.close()
    last, inbox = _process(tmp_path / "log.db", clock)
    with last:
        (again,) = inbox.reserve([(event, None)], missed=True)
    assert again.event.redelivered
    assert not again.is_claimed


def test_after_an_orderly_end_nothing_is_redelivered(tmp_path, clock):
    """What comes later has not been handled."""
    first, inbox = _process(tmp_path / "log.db", clock)
    with first:
        inbox.reserve([])
        inbox.close()
    second, inbox = _process(tmp_path / "log.db", clock)
    with second:
        (missed,) = inbox.reserve([(_seen(clock, 1), None)], missed=True)
    assert not missed.event.redelivered


def test_an_event_that_kills_each_process_is_counted(tmp_path, clock):
    """The second one claims it, so the third knows of two attempts."""
    for _ in range(2):
        dying, inbox = _process(tmp_path / "log.db", clock)
        with dying:
            assert inbox.reserve([(_seen(clock, 1), None)]) != [None]
    third, inbox = _process(tmp_path / "log.db", clock)
    with third:
        due = inbox.take_due()
    assert (due.event.attempt, due.event.redelivered) == (2, True)
