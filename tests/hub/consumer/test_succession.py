"""A handler that catches up: what it does between two missed events."""

from contextlib import ExitStack, closing, suppress

import pytest

from hub import emit
from hub.consumer import consumer, succession
from hub.consumer import outcomes as outcomes_room
from tests.house import until
from tests.hub.fakes import (
    consumer_of,
    cursor,
    does,
    opened_state,
    outcomes,
    reaction,
    ring,
    rows,
    run_until,
)
from tests.hub.store.file.test_memory_fallback import _full_disk as full_disk

MISSED = 10
PRESSES = "SELECT sequence, state FROM inbox"


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """However slow the machine is: the succession does not end because its time is up."""
    monkeypatch.setattr(succession, "LONGEST_S", 60.0)


@pytest.fixture
def catch_up(state, net, hub):
    """Runs a function for ten events that were missed, until each has an outcome."""

    def run(act, **rules):
        net.fate = lambda topic, _: 0 if "/event/" in topic else 1
        for _ in range(MISSED):
            ring(hub)
        net.fate = lambda _, __: 1
        made = consumer_of(state, net.bus(), reaction(does(act), since_s=60, **rules))
        run_until(made, lambda: cursor(state) == MISSED and not rows(state, PRESSES))
        return made

    return run


def test_a_missed_event_costs_one_commit(state, catch_up):
    """The next one is claimed with it; the first alone has a commit for its claim."""
    commits, seen = [], []

    def note(statement):
        if statement == "COMMIT":
            commits.append(statement)

    def act(event):
        seen.append(len(commits))
        if len(seen) == 1:
            state._file.connection.set_trace_callback(note)

    catch_up(act)
    state._file.connection.set_trace_callback(None)
    assert seen == list(range(MISSED))


def test_each_is_claimed_before_its_act_and_not_while_the_one_before_acts(state, catch_up):
    """So a crash concerns one event, as always."""
    seen = []
    catch_up(lambda event: seen.append((event.sequence, rows(state, PRESSES))))
    assert seen == [(number, [(number, "trying")]) for number in range(1, MISSED + 1)]


def test_a_live_event_does_not_wait_for_the_next_missed_one(hub, catch_up):
    """It came while an event was in hand, and is next."""
    seen = []

    def act(event):
        seen.append(event.subject)
        if len(seen) == 3:
            ring(hub, "back")

    catch_up(act)
    assert seen[2:5] == ["front", "back", "front"]
    assert len(seen) == MISSED + 1


def test_none_is_claimed_when_the_process_is_to_stop(tmp_path, net, hub):
    """Else the next process would take it for one that may have been acted on."""
    seen = []
    for _ in range(3):
        ring(hub)
    with closing(opened_state(tmp_path / "own.db")) as state:

        def act(event):
            seen.append(event.sequence)
            made.stop()

        made = consumer_of(state, net.bus(), reaction(does(act), since_s=60))
        made.run()
        assert (seen, rows(state, PRESSES)) == ([1], [])


def test_a_disk_that_is_full_then_loses_and_repeats_nothing(state, catch_up):
    """The commit is undone, and made again in memory: the next event is claimed there."""
    seen = []
    with ExitStack() as disk:

        def act(event):
            seen.append((event.sequence, event.redelivered))
            if len(seen) == 2:
                disk.enter_context(full_disk())

        catch_up(act)
        assert state.disk_fault
        assert seen == [(number, False) for number in range(1, MISSED + 1)]
        assert [data["attempt"] for _, data in outcomes(state)] == [1] * MISSED


def test_a_failed_one_waits_for_its_time_and_the_others_go_on(state, catch_up):
    """Each outcome may be followed by the next claim, not only a success."""
    seen = []

    def act(event):
        seen.append(event.sequence)
        if event.sequence == 2 and event.attempt == 1:
            raise OSError("not yet")

    catch_up(act, backoff_s=0.01)
    assert sorted(seen) == sorted([*range(1, MISSED + 1), 2])
    assert seen[:3] == [1, 2, 3]


def test_what_is_journaled_meanwhile_is_published_afterwards(net, catch_up):
    """All of it, in order, as soon as no event follows at once."""
    catch_up(lambda _: None)
    said = [event.sequence for event in net.events("handler.done")]
    assert said == list(range(1, MISSED + 1))


def test_an_observer_makes_no_pause_while_missed_events_wait(net, hub, state, monkeypatch):
    """Else each live event would hold up a long catch-up."""
    pauses = []
    bus = net.bus()
    monkeypatch.setattr(bus, "rest", pauses.append)
    made = consumer_of(state, bus, reaction(does(), "*", since_s=60))
    made._catch_up.events.append(ring(hub))
    made._gather()
    assert pauses == []
    made._catch_up.events.clear()
    made._catch_up.ask_what_is_due()
    made._gather()
    assert pauses == []  # more of them come with a reply
    run_until(made, lambda: made._catch_up.settles_in_s() == 0)
    made._gather()
    assert pauses == [consumer.GATHER_S]


def test_what_the_handler_emits_does_not_wait_for_the_next_event(catch_up, net):
    """Others react to it, and the next one may take as long as its time limit allows."""
    published = []

    def act(_):
        if not published:
            emit("bark.done", {})
            published.append(0)
            return
        if len(published) == 1:
            with suppress(AssertionError):
                until(lambda: net.events("bark.done"), "it is published", 5)
        published.append(len(net.events("bark.done")))

    catch_up(act)
    assert published[1] == 1


def test_outcomes_are_published_some_at_a_time(catch_up, net, monkeypatch):
    """However fast the handler is, no more are published at once than may be under way."""
    monkeypatch.setattr(outcomes_room, "HELD", 3)
    published = []

    def act(event):
        if event.sequence == 5:
            with suppress(AssertionError):
                until(lambda: len(net.events("handler.done")) >= 3, "they are published", 5)
            published.append(len(net.events("handler.done")))

    catch_up(act)
    assert published == [3]


def test_what_the_broker_has_acknowledged_is_noted_once(state, catch_up):
    """However many outcomes are recorded before the next ones are published."""
    noted = []

    def note(statement):
        if statement.startswith("UPDATE journal"):
            noted.append(statement)

    def act(event):
        if event.sequence == 1:
            state._file.connection.set_trace_callback(note)
            emit("bark.done", {})

    catch_up(act)
    state._file.connection.set_trace_callback(None)
    assert len(noted) == len(rows(state, "SELECT position FROM journal WHERE published = 1"))
    assert len(noted) == MISSED + 1
