"""Retention: the journal does not grow for ever, and nobody loses what is still owed."""

import pytest

from config import JournalSettings as Limits
from hub.store.journal import Journal
from hub.store.retention import DAY_S, Retention
from hub.wire import streams
from hub.wire.query import Head
from tests.hub.fakes import HUB, PRESSED, journaled, rows

STREAM = streams.of(HUB, PRESSED, "front")
LIMITS = Limits(keep_days=10, max_mb=1, forget_consumers_days=30)


@pytest.fixture
def retention(state):
    return Retention(state, LIMITS)


@pytest.fixture
def say(state):
    """Says events and has the broker acknowledge them."""
    journal = Journal(state, HUB)

    def several(count, *, published=True, **data):
        events = [journaled(state, data=data, time=state.clock.utc()) for _ in range(count)]
        if published:
            journal.mark_published(
                {entry.position: 0.0 for entry in journal.unpublished(0, 10_000)}
            )
        return events

    return several


def _left(state):
    return [
        sequence for (sequence,) in rows(state, "SELECT sequence FROM journal ORDER BY sequence")
    ]


def _has_come_to(retention, state, sequence, name="notify"):
    retention.note(name, [Head(STREAM, state.epoch, sequence, 99)])


def test_what_is_old_goes(state, retention, say):
    """And what is not, stays."""
    say(2)
    state.clock.passed_s = 9 * DAY_S
    say(1)
    assert retention.sweep() == 0
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    assert _left(state) == [3]


def test_what_a_known_consumer_has_yet_to_get_stays(state, retention, say):
    """Until it has it, or has not been heard of for a month."""
    say(5)
    _has_come_to(retention, state, 2)
    _has_come_to(retention, state, 4, "record")
    state.clock.passed_s = 11 * DAY_S
    retention.sweep()
    assert _left(state) == [3, 4, 5]
    _has_come_to(retention, state, 5)
    state.clock.passed_s += DAY_S
    retention.sweep()
    assert _left(state) == [5]
    state.clock.passed_s += 31 * DAY_S
    retention.sweep()
    assert _left(state) == []


def test_what_no_broker_has_acknowledged_stays(state, retention, say):
    """However old: it has not been published yet."""
    say(1, published=False)
    state.clock.passed_s = 100 * DAY_S
    assert retention.sweep() == 0


def test_too_much_goes_oldest_first(state, retention, say, caplog):
    """By size; but what is needed stays even then, and that is told."""
    say(30, text="x" * 50_000)
    _has_come_to(retention, state, 20)
    retention.sweep()
    assert _left(state) == list(range(21, 31))
    say(30, text="x" * 50_000)
    state.clock.passed_s += DAY_S / 2
    retention.sweep()
    assert len(_left(state)) == 40
    assert "still needs all of it" in caplog.text


def test_a_wrong_clock_makes_nothing_old(state, retention, say):
    """A Pi that boots a year ahead of itself keeps its journal."""
    say(1)
    state.clock.ahead_s, state.clock.synchronised = 365 * DAY_S, False
    state.clock.passed_s = DAY_S
    assert retention.sweep() == 0


def test_progress_is_written_when_there_is_some(state, retention, say):
    """A question a minute must not wear out an SD card."""
    say(3)
    _has_come_to(retention, state, 1)
    (before,) = rows(state, "SELECT heard FROM consumer")
    state.clock.passed_s = 60
    _has_come_to(retention, state, 1)
    assert rows(state, "SELECT heard FROM consumer") == [before]
    state.clock.passed_s = 7200
    _has_come_to(retention, state, 1)
    assert rows(state, "SELECT heard FROM consumer") != [before]


def test_numbers_go_on_after_everything_went(state, retention, say):
    """A sequence is never used again."""
    say(2)
    state.clock.passed_s = 11 * DAY_S
    retention.sweep()
    assert say(1)[0].sequence == 3


def test_only_the_beginning_of_a_numbering_goes(state, retention, say):
    """Who takes numbers in order could not pass a hole: what is old behind what must stay, stays."""
    say(5)
    with state.write(durable=False) as db:
        db.execute("UPDATE journal SET published = 0 WHERE sequence = 3")
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    assert _left(state) == [3, 4, 5]


def test_what_was_seen_by_a_clock_that_was_not_set_is_not_called_old(state, retention, say):
    """A Raspberry Pi rings in 1970; that press is not fifty years old."""
    say(1)
    state.clock.synchronised, state.clock.ahead_s = False, -50 * 365 * DAY_S
    say(1)
    state.clock.synchronised, state.clock.ahead_s = True, 0.0
    say(1)
    assert retention.sweep() == 0
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 1
    assert _left(state) == [2, 3]


def test_a_numbering_that_began_while_a_handler_was_away_is_kept_for_it(state, retention, say):
    """It has asked for such events, and has yet to hear of these."""
    say(2)
    _has_come_to(retention, state, 2)
    state.begin_epoch()
    say(3)
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    assert _left(state) == [1, 2, 3]
    state.clock.passed_s = 31 * DAY_S
    assert retention.sweep() == 3
