"""What a handler remembers counts when it returns, or from its checkpoint on."""

import sqlite3
import threading
from contextlib import closing

import pytest

from hub import Drop, checkpoint, emit, keep, later, memory
from hub.consumer.deadline import hasten
from hub.store.memory import DiskMemory
from hub.store.state import StateError
from tests.forked import PATIENCE_S
from tests.hub.fakes import (
    PRESSED,
    FakeClock,
    consumer_of,
    opened_state,
    outcomes,
    reaction,
    ring,
    rows,
    run_until,
)

PRESSES = 5


def _count(event, config):
    memory["n"] = memory.get("n", 0) + 1


def test_presses_that_fail_once_are_counted_once(react, hub, state):
    """Five presses, each of which failed at its first attempt, are five."""

    def count(event, config):
        _count(event, config)
        if event.attempt == 1:
            raise OSError("not yet")

    for _ in range(PRESSES):
        ring(hub)
    react(count, until=2 * PRESSES, since_s=60, backoff_s=0.01)
    assert DiskMemory(state)["n"] == PRESSES


@pytest.mark.parametrize("failure", [OSError("no"), Drop("never"), SystemExit(1)])
def test_a_failed_run_leaves_memory_and_timers_as_they_were(react, hub, state, failure):
    """However it failed; what it deleted is there again."""
    DiskMemory(state)["old"] = 1

    def fail(event, config):
        del memory["old"]
        memory["new"] = 2
        later(PRESSED.replace("doorbell", "bell"), 60)
        raise failure

    ring(hub)
    react(fail, kinds=(PRESSED, "bell.pressed"), since_s=60, attempts=1)
    assert dict(DiskMemory(state)) == {"old": 1}
    assert rows(state, "SELECT state FROM inbox") == [("dead",)]


@pytest.mark.parametrize("saves", [True, False])
def test_an_attempt_that_its_deadline_ended_leaves_only_its_checkpoint(react, hub, state, saves):
    """A timeout is a failure like another."""

    def hang(event, config):
        memory["before"] = event.attempt
        if saves:
            checkpoint()
        memory["after"] = event.attempt
        hasten(0.05)
        threading.Event().wait(20)

    ring(hub)
    react(hang, since_s=60, attempts=1, timeout_s=PATIENCE_S)
    assert dict(DiskMemory(state)) == ({"before": 1} if saves else {})


def test_a_run_that_was_cut_off_by_a_stop_leaves_only_its_checkpoint(state, net, hub, monkeypatch):
    """The next process runs it again, and finds what was committed."""
    monkeypatch.setattr("hub.consumer.consumer.STOP_GRACE_S", 0.1)

    def work(event, config):
        _count(event, config)
        checkpoint()
        _count(event, config)
        consumer.stop()
        threading.Event().wait(20)

    consumer = consumer_of(state, net.bus(), reaction(work, since_s=60))
    ring(hub)
    run_until(consumer, lambda: outcomes(state))
    assert outcomes(state)[0][1]["reason"] == "stopped while it ran"
    assert DiskMemory(state)["n"] == 1


def test_a_checkpoint_neither_emits_nor_keeps(react, hub, state, net):
    """What was emitted and is to be kept waits for the run to succeed."""

    def fail(event, config):
        emit("clip.recorded")
        keep(days=1)
        memory["n"] = 1
        checkpoint()
        raise OSError("no")

    ring(hub)
    react(fail, since_s=60, attempts=1)
    assert net.events("clip.recorded") == []
    assert rows(state, "SELECT * FROM record") == []
    assert DiskMemory(state)["n"] == 1


def test_memory_belongs_to_the_transaction_of_the_outcome(state, net, hub):
    """When the outcome cannot be written, memory and timers are as before."""
    DiskMemory(state)["n"] = 1

    def count(event, config):
        _count(event, config)
        later("bell.due", 60)

    with state.write() as db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    consumer = consumer_of(state, net.bus(), reaction(count, PRESSED, "bell.due", since_s=60))
    ring(hub)
    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        run_until(consumer, lambda: outcomes(state))
    assert dict(DiskMemory(state)) == {"n": 1}
    assert rows(state, "SELECT state FROM inbox") == [("trying",)]


def _commits(state, net, hub, function):
    """How often the handling of one press commits, after its claim."""
    consumer = consumer_of(state, net.bus(), reaction(function, PRESSED, "bell.due", since_s=60))
    run = consumer._runner.run
    seen, running = [], []

    def watch(statement):
        if statement == "COMMIT" and running:
            seen.append(statement)

    def watched(*arguments):
        running.append(True)
        run(*arguments)
        running.clear()

    consumer._runner.run = watched
    state._file.connection.set_trace_callback(watch)
    ring(hub)
    run_until(consumer, lambda: outcomes(state))
    state._file.connection.set_trace_callback(None)
    return len(seen)


def test_all_that_a_handler_does_is_one_commit(state, net, hub):
    """Memory, timers, what it emitted and kept, and the outcome: one transaction."""

    def act(event, config):
        memory["a"] = 1
        memory["b"] = 2
        later("bell.due", 60)
        emit("clip.recorded")
        keep(days=1)

    assert _commits(state, net, hub, act) == 1


def test_a_checkpoint_is_one_more_commit_and_none_if_nothing_changed(state, net, hub):
    """What it holds is committed before the handler goes on."""

    def act(event, config):
        checkpoint()
        memory["a"] = 1
        later("bell.due", 60)
        checkpoint()
        checkpoint()

    assert _commits(state, net, hub, act) == 2


def test_a_handler_that_remembers_survives_a_restart(tmp_path, net, hub):
    """Another process goes on from what counted."""
    rules = reaction(_count, since_s=60)
    for _ in range(2):
        with closing(opened_state(tmp_path / "own.db", FakeClock())) as state:
            consumer = consumer_of(state, bus := net.bus(), rules)
            already = len(outcomes(state))
            ring(hub)
            run_until(consumer, lambda state=state, n=already: len(outcomes(state)) > n)
            remembered = DiskMemory(state)["n"]
            bus.connected.clear()
    assert remembered == 2


def test_a_checkpoint_that_cannot_be_written_is_a_failure_of_the_run(
    react, hub, state, monkeypatch
):
    """A handler must not act on what is not saved: the exception ends the run for a retry."""
    refused = []
    do = state.do

    def full(work, **_):
        if work.__qualname__ == "LiveAttempt.write" and not refused:
            refused.append(True)
            raise StateError("own.db: cannot be written: database or disk is full.")
        return do(work)

    monkeypatch.setattr(state, "do", full)
    acted = []

    def act(event, config):
        memory["n"] = event.attempt
        checkpoint()
        acted.append(event.attempt)

    ring(hub)
    said = react(act, until=2, since_s=60, backoff_s=0.01)
    assert [kind for kind, _ in said] == ["handler.retried", "handler.done"]
    assert (acted, DiskMemory(state)["n"]) == ([2], 2)
