"""Retention: the journal does not grow for ever, and no consumer loses what it is owed."""

import pytest

from config import JournalSettings as Limits
from hub.store.journal.backlog import Backlog
from hub.store.journal.journal import Journal
from hub.store.journal.retention import DAY_S, KINDS, Retention
from hub.wire import streams, topics
from hub.wire.query import Head
from tests.hub.fakes import HUB, PRESSED, journaled, rows

STREAM = streams.of(HUB, PRESSED, "front")
LIMITS = Limits(keep_days=10, max_mb=1, forget_consumers_days=30)


@pytest.fixture
def retention(state):
    return Retention(state, LIMITS)


@pytest.fixture
def say(state):
    """Journals events, which the broker acknowledges."""
    journal = Journal(state, HUB)

    def several(count, *, published=True, **data):
        events = [journaled(state, data=data, time=state.clock.utc()) for _ in range(count)]
        if published:
            waiting = {entry.position: 0.0 for entry in journal.unpublished(0, 10_000)}
            state.do(lambda db: journal.mark_published(db, waiting))
        return events

    return several


def _left(state):
    return [
        sequence for (sequence,) in rows(state, "SELECT sequence FROM journal ORDER BY sequence")
    ]


def _has_come_to(retention, state, sequence, name="notify"):
    retention.note(name, PRESSED, [Head(STREAM, state.epoch, sequence, 99)])


def test_an_old_event_is_removed(state, retention, say):
    """Younger events stay."""
    say(2)
    state.clock.passed_s = 9 * DAY_S
    say(1)
    assert retention.sweep() == 0
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    assert _left(state) == [3]


def test_an_event_that_a_known_consumer_has_yet_to_get_stays(state, retention, say):
    """It stays until the consumer has it, or has not asked for a month."""
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
    say(1)
    retention.sweep()
    assert _left(state) == [6]


def test_a_clock_that_nobody_has_set_forgets_no_consumer(state, retention, say):
    """A Raspberry Pi may boot years ahead, until a time server answers."""
    say(300, text="x" * 4000)
    _has_come_to(retention, state, 2)
    state.clock.reboot(synchronised=False)
    state.clock.ahead_s = 400 * DAY_S
    retention.sweep()
    assert _left(state)[0] == 3
    assert retention.consumers() == {"notify"}


def test_an_event_that_no_broker_has_acknowledged_stays(state, retention, say):
    """It stays however old it is, because it is not published yet."""
    say(1, published=False)
    state.clock.passed_s = 100 * DAY_S
    assert retention.sweep() == 0


def test_a_journal_that_is_too_large_loses_its_oldest_events(state, retention, say, caplog):
    """The oldest go until the size fits; what a consumer needs stays, with a warning."""
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


def test_progress_is_written_when_it_has_changed(state, retention, say):
    """A query a minute must not wear out an SD card."""
    say(3)
    _has_come_to(retention, state, 1)
    (before,) = rows(state, "SELECT heard FROM asked")
    state.clock.passed_s = 60
    _has_come_to(retention, state, 1)
    assert rows(state, "SELECT heard FROM asked") == [before]
    state.clock.passed_s = 7200
    _has_come_to(retention, state, 1)
    assert rows(state, "SELECT heard FROM asked") != [before]


def test_the_sequence_goes_on_after_all_events_were_removed(state, retention, say):
    """A sequence is never used again."""
    say(2)
    journaled(state, "doorbell.stuck")
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    assert say(1)[0].sequence == 3


def test_the_last_event_stays(state, retention, say):
    """So its position in the journal is not used again: the producer would take it for sent."""
    say(3)
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    assert _left(state) == [3]


def test_only_the_beginning_of_a_numbering_is_removed(state, retention, say):
    """A consumer takes numbers in order: an old event behind one that must stay, stays."""
    say(5)
    with state.write() as db:
        db.execute("UPDATE journal SET published = 0 WHERE sequence = 3")
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    assert _left(state) == [3, 4, 5]


def test_a_numbering_goes_on_behind_what_was_removed(state, retention, say):
    """Noted with each batch is only what it removes: all numberings would take a minute."""
    say(2)
    journaled(state, subject="back", time=state.clock.utc())
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    noted = rows(state, "SELECT stream, sequence FROM numbering ORDER BY sequence")
    assert noted == [(streams.of(HUB, PRESSED, "back"), 0), (STREAM, 2)]
    assert [event.sequence for event in say(1)] == [3]


def test_an_event_of_a_clock_that_was_not_set_is_not_called_old(state, retention, say):
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
    """The handler has asked for such events, and does not know of these yet."""
    say(2)
    _has_come_to(retention, state, 2)
    state.begin_epoch()
    say(3)
    state.clock.passed_s = 11 * DAY_S
    assert retention.sweep() == 2
    assert _left(state) == [1, 2, 3]
    state.clock.passed_s = 31 * DAY_S
    assert retention.sweep() == 2
    assert _left(state) == [3]


@pytest.mark.parametrize("kind", [topics.EVERY, "doorbell.stuck"])
def test_the_first_event_of_a_type_is_kept_for_a_consumer_that_has_asked_for_it(
    state, retention, say, kind
):
    """When it asked there was no such event: it is known all the same, and is owed the first."""
    say(1)
    retention.note("log", kind, Backlog(state, HUB).owed(kind, {}, since=None))
    assert retention.consumers() == {"log"}
    journaled(state, "doorbell.stuck", time=state.clock.utc())
    say(30, text="x" * 50_000)
    retention.sweep()
    assert rows(state, "SELECT sequence FROM journal WHERE type = 'doorbell.stuck'") == [(1,)]


def test_what_a_forgotten_consumer_has_asked_for_goes_with_it(state, retention, say):
    """Whoever invents consumers must not fill the file over the years."""
    say(1)
    _has_come_to(retention, state, 1)
    state.clock.passed_s = 31 * DAY_S
    retention.sweep()
    assert rows(state, "SELECT * FROM asked") == rows(state, "SELECT * FROM consumer") == []


def test_the_types_of_a_consumer_are_bounded(state, retention):
    """Without an ACL anybody may invent some."""
    for number in range(KINDS + 1):
        retention.note("log", f"doorbell.invented{number}", [])
    assert rows(state, "SELECT COUNT(*) FROM asked") == [(KINDS,)]
