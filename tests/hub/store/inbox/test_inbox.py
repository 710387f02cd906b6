"""The inbox: each event is taken once, whatever order it comes in and however often."""

import shutil
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store.inbox.inbox import Inbox
from hub.store.state import State
from tests.hub.fakes import FakeClock, cursor, rows
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
    assert inbox.claim(press(1))
    assert inbox.claim(press(1)) is None


def test_another_epoch_is_another_numbering(state, inbox):
    """Event 1 of a producer that lost its journal is not its event 1 of before."""
    assert take(state, inbox, 1)
    assert inbox.claim(press(1, "f" * 16))


def test_the_same_number_on_another_stream_is_another_event(state, inbox):
    """Each door counts for itself."""
    assert take(state, inbox, 1)
    assert inbox.claim(replace(press(1), subject="back"))


def test_an_event_in_hand_at_a_crash_is_due_again_as_redelivered(state, inbox):
    """The attempts go on counting, and every later attempt knows of the crash."""
    first = inbox.claim(press(1))
    assert (first.event.attempt, first.event.redelivered) == (1, False)
    inbox.recover()
    assert inbox.due_in_s() == 0.0
    second = inbox.take_due()
    assert (second.event.attempt, second.event.redelivered) == (2, True)
    with state.write() as db:
        inbox.retry(db, second, 200.0)
    state.clock.passed_s = 200.0
    third = inbox.take_due()
    assert (third.event.attempt, third.event.redelivered) == (3, True)
    finish(state, inbox, third)
    assert rows(state, "SELECT * FROM inbox") == []


@pytest.mark.parametrize("put_off", [Inbox.retry, Inbox.postpone])
def test_an_event_that_was_a_redelivery_stays_one_in_each_attempt(tmp_path, put_off):
    """What may have been done before this boot may have been done before the second attempt."""
    clock = FakeClock()
    State(tmp_path / "own.db", clock).close()
    clock.passed_s += 600.0
    clock.reboot()
    with closing(State(tmp_path / "own.db", clock)) as state:
        inbox = Inbox(state)
        delivery = inbox.claim(_seen(clock, 60.0, boot="a" * 8 + "c" * 8, uptime_s=5.0))
        for _ in range(2):
            assert delivery.event.redelivered
            with state.write() as db:
                put_off(inbox, db, delivery, 0.0)
            delivery = inbox.take_due()


def test_what_waits_in_a_copied_file_comes_as_redelivered(tmp_path):
    """It may have been done since the copy was made. What is put off after it was not."""
    clock = FakeClock()
    with closing(State(tmp_path / "own.db", clock)) as state:
        inbox = Inbox(state)
        _put_off(state, inbox, press(1))
    (tmp_path / "own.db").rename(tmp_path / "backup")
    shutil.copy(tmp_path / "backup", tmp_path / "own.db")
    for _ in range(2):
        with closing(State(tmp_path / "own.db", clock)) as state:
            inbox = Inbox(state)
            inbox.recover()
            _put_off(state, inbox, replace(_seen(clock, 0.0), sequence=2))
    with closing(State(tmp_path / "own.db", clock)) as state:
        inbox = Inbox(state)
        inbox.recover()
        taken = [inbox.take_due(), inbox.take_due()]
        found = {delivery.sequence: delivery.event.redelivered for delivery in taken}
        assert found == {1: True, 2: False}


def _put_off(state, inbox, event):
    if delivery := inbox.claim(event):
        with state.write() as db:
            inbox.retry(db, delivery, 0.0)


def test_a_retry_is_taken_when_it_is_due(state, inbox):
    """It is not taken before, the earliest comes first, and it is no redelivery."""
    for sequence, due in ((1, 300.0), (2, 200.0)):
        delivery = inbox.claim(press(sequence))
        with state.write() as db:
            inbox.retry(db, delivery, due)
    state.clock.passed_s = 199.0
    assert inbox.take_due() is None
    state.clock.passed_s = 400.0
    delivery = inbox.take_due()
    assert (delivery.sequence, delivery.event.attempt, delivery.event.redelivered) == (2, 2, False)
    assert inbox.take_due().sequence == 1


def test_a_dead_letter_keeps_its_event_and_its_reason(state, inbox):
    """It is never due again, holds up no other event, and is not taken when it comes again."""
    delivery = inbox.claim(press(1))
    with state.write() as db:
        inbox.dead_letter(db, delivery, "no such camera")
    inbox.recover()
    assert inbox.due_in_s() is None
    assert inbox.claim(press(1)) is None
    ((sequence, reason, payload),) = rows(
        state, "SELECT sequence, reason, payload FROM inbox WHERE state = 'dead'"
    )
    assert (sequence, reason) == (1, "no such camera")
    assert delivery.event.id.encode() in payload
    assert take(state, inbox, 2)


def _seen(clock, ago_s, **stamp):
    stamp = {"boot": clock.boot, "uptime_s": clock.uptime_s() - ago_s, "synchronised": True} | stamp
    return replace(press(1), time=clock.utc() - timedelta(seconds=ago_s), **stamp)


@pytest.mark.parametrize(
    ("ago_s", "stamp", "missed", "redelivered"),
    [
        (0.5, {}, False, False),
        (60.0, {"boot": "a" * 8 + "c" * 8}, False, True),
        (60.0, {"boot": "b" * 16}, False, True),
        (0.5, {"boot": "b" * 16}, True, False),
        (60.0, {"boot": "b" * 16, "synchronised": False}, False, False),
        (60.0, {"boot": "b" * 16, "synchronised": False}, True, True),
    ],
    ids=[
        "in this boot",
        "in an earlier boot of this machine",
        "on another machine, before this boot",
        "on another machine, since this boot",
        "on another machine, nobody knows when, live",
        "on another machine, nobody knows when, missed",
    ],
)
def test_what_happened_before_this_boot_may_be_done(tmp_path, ago_s, stamp, missed, redelivered):
    """A power cut may have come between the act and the sync of its claim."""
    clock = FakeClock()
    State(tmp_path / "own.db", clock).close()
    clock.passed_s += 600.0
    clock.reboot()
    with closing(State(tmp_path / "own.db", clock)) as state:
        event = _seen(clock, ago_s, **stamp)
        assert Inbox(state).claim(event, missed=missed).event.redelivered is redelivered


def test_a_live_press_of_a_second_machine_with_the_same_id_is_new(tmp_path):
    """A cloned card: only the boot differs, and two good clocks say that the press is of now."""
    clock = FakeClock()
    State(tmp_path / "own.db", clock).close()
    clock.reboot()
    clock.passed_s += 600.0
    with closing(State(tmp_path / "own.db", clock)) as state:
        event = _seen(clock, 0.5, boot="a" * 8 + "c" * 8)
        assert not Inbox(state).claim(event).event.redelivered


def test_a_file_that_is_new_in_this_boot_has_done_nothing_before(tmp_path):
    """A handler that was installed a moment ago takes what it is owed as new."""
    clock = FakeClock()
    clock.reboot()
    with closing(State(tmp_path / "own.db", clock)) as state:
        event = _seen(clock, 60.0, boot="a" * 8 + "c" * 8)
        assert not Inbox(state).claim(event).event.redelivered
