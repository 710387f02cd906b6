"""The timers: each type and subject has one, it comes once, and no clock moves it."""

import os
from contextlib import closing
from dataclasses import replace

import pytest

from hub import testing
from hub.store.file import flusher
from hub.store.inbox.inbox import Inbox
from hub.store.inbox.inbox_file import InboxFile
from hub.store.journal.backlog import Backlog
from hub.store.state import State
from hub.wire import topics
from tests.hub.fakes import NOTIFY, FakeClock, set_timer

TIMER = testing.event("light.expired", "lamp")


@pytest.fixture
def inbox(state):
    state.clock.stand()
    return Inbox(state)


def _finish(state, inbox, delivery):
    with state.write() as db:
        inbox.finish(db, delivery)


def test_a_timer_replaces_the_one_before(state, inbox):
    """There is one for each type and subject; it is delivered once, and then gone."""
    set_timer(state, TIMER, 100.0)
    set_timer(state, replace(TIMER, data={"n": 2}), 200.0)
    set_timer(state, replace(TIMER, subject="other"), 300.0)
    state.clock.passed_s = 150.0
    assert inbox.take_due() is None
    state.clock.passed_s = 250.0
    delivery = inbox.take_due()
    assert (delivery.event.data, delivery.is_timer) == ({"n": 2}, True)
    _finish(state, inbox, delivery)
    assert inbox.take_due() is None
    assert 0 < inbox.due_in_s() <= 50.0


def test_a_timer_set_while_the_last_one_runs_is_not_lost(state, inbox):
    """The one in hand is finished, the new one stays."""
    set_timer(state, TIMER, 100.0)
    state.clock.passed_s = 100.0
    delivery = inbox.take_due()
    set_timer(state, TIMER, 200.0)
    _finish(state, inbox, delivery)
    assert 199.0 < inbox.due_in_s() <= 200.0


@pytest.mark.parametrize("jump_s", [-86_400.0, 31_536_000.0])
def test_a_clock_that_jumps_moves_no_timer(state, inbox, jump_s):
    """A timer waits as long as it was told to, whether the clock jumps ahead or back."""
    set_timer(state, TIMER, 300.0)
    state.clock.ahead_s = jump_s
    assert 299.0 < inbox.due_in_s() <= 300.0
    state.clock.passed_s = 300.0
    assert inbox.take_due()


def test_a_timer_goes_on_over_a_boot(state, inbox):
    """If the machine was off for 200 of 300 seconds, 100 are left."""
    inbox.recover()
    set_timer(state, TIMER, 300.0)
    state.clock.passed_s = 200.0
    state.clock.reboot()
    inbox.recover()
    assert 99.0 < inbox.due_in_s() <= 100.0


@pytest.mark.parametrize(("ahead_s", "left_s"), [(-1e6, 300.0), (1e6, 0.0)])
def test_after_a_boot_with_a_wrong_clock_a_timer_is_bounded(state, inbox, ahead_s, left_s):
    """It waits no longer than its whole time, and is never forgotten."""
    inbox.recover()
    set_timer(state, TIMER, 300.0)
    state.clock.reboot()
    state.clock.ahead_s = ahead_s
    inbox.recover()
    assert inbox.due_in_s() == pytest.approx(left_s, abs=0.001)


def test_a_dead_timer_stays_when_the_next_one_is_set(state, inbox, tmp_path):
    """A dead letter goes by a person's hand only, and the next timer has a number of its own."""
    set_timer(state, TIMER, 0.0)
    delivery = inbox.take_due()
    with state.write() as db:
        inbox.dead_letter(db, delivery, "no such lamp")
    set_timer(state, replace(TIMER, data={"n": 2}), 0.0)
    second = inbox.take_due()
    assert second.event.data == {"n": 2}
    _finish(state, inbox, second)
    (letter,) = InboxFile(tmp_path / "own.db").dead()
    assert (letter.is_timer, letter.reason) == (True, "no such lamp")


def test_no_consumer_is_offered_a_timer(state):
    """A timer is a handler's own matter: its journal knows nothing of it."""
    set_timer(state, TIMER, 100.0)
    assert Backlog(state, NOTIFY).owed(topics.EVERY, {}, since=None) == []


@pytest.mark.parametrize("is_timer", [True, False], ids=["a timer", "a retry"])
@pytest.mark.parametrize("synchronised", [True, False], ids=["clock set", "clock not set"])
@pytest.mark.parametrize("waits_s", [10.0, 300.0], ids=["due before it", "due after it"])
def test_what_waits_over_a_boot_is_no_redelivery(state, inbox, waits_s, synchronised, is_timer):
    """It was not acted on since it was put off, whatever time it is."""
    inbox.recover()
    if is_timer:
        set_timer(state, TIMER, waits_s)
    else:
        delivery = inbox.claim(TIMER)
        with state.write() as db:
            inbox.retry(db, delivery, waits_s)
    state.clock.passed_s = 60.0
    state.clock.reboot(synchronised=synchronised)
    inbox.recover()
    state.clock.passed_s += waits_s
    assert not inbox.take_due().event.redelivered


def test_what_was_taken_up_before_a_power_cut_comes_as_redelivered(tmp_path, monkeypatch):
    """Its claim is on the disk before the act: nothing is left to that of the outcome."""
    monkeypatch.setattr(flusher, "LATER_S", 3600.0)  # none but who waits has a sync
    own, disk = tmp_path / "own.db", {}
    sync = os.fdatasync

    def sync_all(descriptor):
        sync(descriptor)
        disk.update({path: path.read_bytes() for path in (own, own.with_name("own.db-wal"))})

    monkeypatch.setattr(os, "fdatasync", sync_all)
    clock = FakeClock().stand()
    with closing(State(own, clock)) as state:
        set_timer(state, TIMER, 0.0)
        state.sync()
        assert not Inbox(state).take_due().event.redelivered
        left = dict(disk)
    for path, content in left.items():
        path.write_bytes(content)
    clock.reboot(synchronised=False)
    with closing(State(own, clock)) as state:
        inbox = Inbox(state)
        inbox.recover()
        assert inbox.take_due().event.redelivered
