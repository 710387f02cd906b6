"""Reservations: an observer takes each event once, and claims it with its outcome."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.store.cursors import Cursors
from hub.store.inbox.inbox import Inbox
from hub.store.state import State
from hub.wire.query import Head
from tests.hub.fakes import HUB, PRESSED, FakeClock, cursor, rows
from tests.hub.store.taking import EPOCH, STREAM, finish, press, take


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


def _reserve(state, inbox, *sequences):
    return inbox.reserve([(_seen(state.clock, sequence), None) for sequence in sequences])


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
    (delivery,) = _reserve(state, inbox, 1)
    assert rows(state, "SELECT * FROM inbox") == []
    assert cursor(state) is None
    finish(state, inbox, delivery)
    assert rows(state, "SELECT * FROM inbox") == []
    assert cursor(state) == 1
    assert _reserve(state, inbox, 1) == [None]


def test_an_event_is_reserved_once(state, inbox):
    """Neither twice in one go, nor when it was taken before, nor when it is to be tried again."""
    take(state, inbox, 1)
    third = inbox.claim(press(3))
    with state.write() as db:
        inbox.retry(db, third, 60.0)
    reserved = _reserve(state, inbox, 1, 2, 3, 2, 4)
    assert [delivery and delivery.sequence for delivery in reserved] == [None, 2, None, None, 4]


def test_what_follows_a_gap_is_taken_once_also_when_the_gap_is_filled(state, inbox):
    """It has a row as long as it is ahead of the cursor."""
    first, third = _reserve(state, inbox, 1, 3)
    assert (first.is_behind, third.is_behind) == (False, True)
    finish(state, inbox, third)
    finish(state, inbox, first)
    assert cursor(state) == 1
    assert _reserve(state, inbox, 3) == [None]
    (second,) = _reserve(state, inbox, 2)
    finish(state, inbox, second)
    assert cursor(state) == 3
    assert rows(state, "SELECT * FROM inbox") == []


def test_a_reserved_event_that_failed_is_in_the_inbox(state, inbox):
    """It is tried again, or a dead letter; what came before it and has no outcome is still owed."""
    _, second, third = _reserve(state, inbox, 1, 2, 3)
    with state.write() as db:
        inbox.retry(db, second, 0.0)
        inbox.dead_letter(db, third, "no room")
    assert cursor(state) is None
    found = rows(state, "SELECT sequence, state, attempts, reason FROM inbox ORDER BY sequence")
    assert found == [(2, "waiting", 1, None), (3, "dead", 1, "no room")]
    assert inbox.take_due().event.attempt == 2


def test_a_reserved_event_that_failed_is_tried_again_even_if_the_cursor_has_passed_it(state, inbox):
    """A producer may reply meanwhile that it owes nothing of this any more."""
    (delivery,) = _reserve(state, inbox, 1)
    Cursors(state).learn(HUB, PRESSED, [Head(STREAM, EPOCH, after=1, last=1)])
    with state.write() as db:
        inbox.retry(db, delivery, 0.0)
    assert inbox.take_due().event.attempt == 2


def test_a_reserved_event_is_finished_without_a_row_even_if_the_cursor_has_passed_it(state, inbox):
    """Nothing would remove it."""
    (delivery,) = _reserve(state, inbox, 1)
    Cursors(state).learn(HUB, PRESSED, [Head(STREAM, EPOCH, after=1, last=1)])
    finish(state, inbox, delivery)
    assert rows(state, "SELECT * FROM inbox") == []


def _cut_off(path, clock, *events):
    """A process reserves these, and dies."""
    process, inbox = _process(path, clock)
    with process:
        return inbox.reserve([(event, None) for event in events])


def test_what_a_process_may_have_done_without_a_trace_comes_as_redelivered(tmp_path, clock):
    """Its successor claims it; what happens after that start is new, and reserved."""
    _cut_off(tmp_path / "log.db", clock, _seen(clock, 1))
    clock.passed_s += 1.0
    second, inbox = _process(tmp_path / "log.db", clock)
    clock.passed_s += 1.0
    with second:
        (again,) = inbox.reserve([(_seen(clock, 1, ago_s=3.0), None)], missed=True)
        (fresh,) = inbox.reserve([(_seen(clock, 2, ago_s=0.0), None)])
    assert (again.event.redelivered, again.is_claimed) == (True, True)
    assert (fresh.event.redelivered, fresh.is_claimed) == (False, False)


def test_it_comes_so_also_to_later_processes(tmp_path, clock):
    """Its producer may be away for long; and they claim it, too."""
    event = _seen(clock, 1)
    _cut_off(tmp_path / "log.db", clock, event)
    for _ in range(2):
        orderly, inbox = _process(tmp_path / "log.db", clock)
        with orderly:
            inbox.reserve([])
            inbox.close()
    (again,) = _cut_off(tmp_path / "log.db", clock, event)
    assert (again.event.redelivered, again.is_claimed) == (True, True)


def test_after_an_orderly_end_nothing_is_redelivered(tmp_path, clock):
    """What comes later has not been handled."""
    first, inbox = _process(tmp_path / "log.db", clock)
    with first:
        inbox.reserve([])
        inbox.close()
    (missed,) = _cut_off(tmp_path / "log.db", clock, _seen(clock, 1))
    assert not missed.event.redelivered


def test_after_a_power_cut_only_what_happened_before_it_is_redelivered(tmp_path, clock):
    """A press of the first seconds cannot have been handled, though no process ended orderly."""
    _cut_off(tmp_path / "log.db", clock, _seen(clock, 1))
    clock.reboot()
    clock.passed_s += 5.0
    process, inbox = _process(tmp_path / "log.db", clock)
    with process:
        (delivery,) = inbox.reserve([(_seen(clock, 2), None)], missed=True)
    assert (delivery.event.redelivered, delivery.is_claimed) == (False, False)


def test_an_event_that_kills_each_process_is_counted(tmp_path, clock):
    """The second one claims it, so the third knows of two attempts."""
    event = _seen(clock, 1)
    for _ in range(2):
        assert _cut_off(tmp_path / "log.db", clock, event) != [None]
    third, inbox = _process(tmp_path / "log.db", clock)
    with third:
        due = inbox.take_due()
    assert (due.event.attempt, due.event.redelivered) == (2, True)


UNCERTAIN = {  # when it happened, as far as a process can tell that begins after a crash
    "of another machine": {"boot": "b" * 16},
    "of another boot": {"boot": "a" * 8 + "b" * 8},
    "of a program that names no boot": {"boot": ""},
    "of later than now: the clock was set between the press and its record": {"uptime_s": 1e9},
}


@pytest.mark.parametrize("stamp", UNCERTAIN.values(), ids=UNCERTAIN)
@pytest.mark.parametrize("synchronised", [True, False])
def test_an_event_is_claimed_where_nobody_knows_for_sure_when_it_happened(
    tmp_path, clock, stamp, synchronised
):
    """If its process dies, it is taken up from the inbox; a producer may publish it again."""
    clock.synchronised = synchronised
    event = replace(_seen(clock, 1), synchronised=synchronised, **stamp)
    _cut_off(tmp_path / "log.db", clock, event)
    second, inbox = _process(tmp_path / "log.db", clock)
    with second:
        assert inbox.reserve([(event, None)]) == [None]
        due = inbox.take_due()
    assert (due.event.attempt, due.event.redelivered) == (2, True)


def test_without_the_id_of_the_boot_each_event_is_claimed(tmp_path, clock):
    """The seconds since a boot say nothing then."""
    clock.knows_boot = False
    (delivery,) = _cut_off(tmp_path / "log.db", clock, _seen(clock, 1))
    assert delivery.is_claimed
