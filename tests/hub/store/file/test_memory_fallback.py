"""A disk that cannot be written: the bell works, no file is damaged, all is written later."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager, suppress

import pytest

from hub import checkpoint, memory, testing
from hub.producer.producer import Producer
from hub.store.file import memory_copy
from hub.store.file.memory_copy import LAST_EVENTS, MemoryCopy
from hub.store.file.memory_fallback import WRITE_BACK_S
from hub.store.inbox.inbox import Inbox
from hub.store.inbox.inbox_file import InboxFile
from hub.store.journal.journal import Journal
from hub.store.memory import DiskMemory
from hub.store.state import State, StateError
from tests.hub.fakes import (
    HUB,
    FakeBroker,
    FakeClock,
    consumer_of,
    does,
    outcomes,
    reaction,
    ring,
    rows,
    run_until,
    set_timer,
)

PUT = "INSERT INTO memory VALUES (?, ?)"


@contextmanager
def _full_disk():
    """No file of this process can grow: SQLite sees a full disk (EFBIG instead of ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 2 MB that can be filled; needs root."""
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a file system")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(path):
    """Fill the file system to the last byte."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    with suppress(OSError):
        while True:
            os.write(descriptor, b"x" * 512)
    os.close(descriptor)


def _numbers(state):
    return rows(state, "SELECT epoch, sequence, published FROM journal ORDER BY position")


def test_presses_are_published_on_a_full_disk_and_written_down_after(state, net, hub):
    """Their numbers are of an epoch of their own, so that none is used twice."""
    other = net.bus()
    producer = Producer(state, other, "doorbell/hub/barn")
    other.connect()
    words = []
    state.fallback.on_change = words.append
    before = ring(producer)
    with _full_disk():
        during = [ring(producer) for _ in range(3)]
        assert "Make room" in state.disk_fault
        assert words == [state.disk_fault]
        producer.settle()
        assert state.disk_fault
    assert [event.sequence for event in during] == [1, 2, 3]
    assert {event.epoch for event in during} != {before.epoch}
    assert [event.id for event in net.events("doorbell.pressed")] == [
        event.id for event in (before, *during)
    ]
    state.clock.passed_s += WRITE_BACK_S
    producer.settle()
    assert (state.disk_fault, words[-1]) == ("", "")
    after = ring(producer)
    producer.settle()
    assert _numbers(state) == [
        (event.epoch, event.sequence, 1) for event in (before, *during, after)
    ]
    assert rows(state, "PRAGMA integrity_check") == [("ok",)]


def test_what_each_numbering_has_come_to_outlives_a_full_disk(state, net):
    """Also that of a door whose events the memory does not hold."""
    bus = net.bus()
    producer = Producer(state, bus, HUB)
    bus.connect()
    before = [ring(producer, "back") for _ in range(2)]
    for _ in range(LAST_EVENTS):
        ring(producer)
    producer.settle()
    with _full_disk():
        during = ring(producer, "back")
        assert state.disk_fault
    state.clock.passed_s += WRITE_BACK_S
    producer.settle()
    assert not state.disk_fault
    last = f"SELECT epoch, sequence FROM head WHERE stream = '{during.stream}' ORDER BY sequence"  # noqa: S608
    assert rows(state, last) == [(during.epoch, 1), (before[-1].epoch, 2)]


def test_a_handler_reacts_once_on_a_full_disk(states, net, hub):
    """Its outcome is published, and is in the file when the disk can be written again."""
    state, done = states("notify"), []
    consumer = consumer_of(state, net.bus(), reaction(does(lambda event: done.append(event.id))))
    with _full_disk():
        press = ring(hub)
        run_until(consumer, lambda: done and state.disk_fault, lambda: f"it reacts: {done}")
    assert [event.cause for event in net.events("handler.done")] == [press.id]
    state.clock.passed_s += WRITE_BACK_S
    state.write_back()
    assert [kind for kind, _ in outcomes(state)] == ["handler.done"]
    again = consumer_of(state, net.bus(), reaction(does(lambda event: done.append(event.id))))
    after = ring(hub)
    run_until(again, lambda: len(done) > 1)
    assert done == [press.id, after.id]


def test_a_real_full_disk_is_survived(small_disk):
    """Another program fills a file system of 2 MB to the last byte, and clears it again."""
    state = State(small_disk / "own.db", FakeClock())
    bus = FakeBroker().bus()
    bus.connect()
    producer = Producer(state, bus, HUB)
    ring(producer)
    ballast = small_disk / "ballast"
    _fill(ballast)
    presses = [ring(producer, text="x" * 1000) for _ in range(50)]
    assert "disk is full" in state.disk_fault
    ballast.unlink()
    state.clock.passed_s += WRITE_BACK_S
    producer.settle()
    assert not state.disk_fault
    state.close()
    with closing(State(small_disk / "own.db", FakeClock())) as again:
        assert len(rows(again, "SELECT 1 FROM journal")) == 51
        assert {(event.id,) for event in presses} <= set(rows(again, "SELECT id FROM journal"))
        assert rows(again, "PRAGMA integrity_check") == [("ok",)]


def test_a_crash_while_the_state_is_in_memory_uses_no_number_twice(states, net, state):
    """The event in memory is lost; the next event is not mistaken for it."""
    bus = net.bus()
    bus.connect()
    producer = Producer(state, bus, HUB)
    stored = ring(producer)
    with _full_disk():
        lost = ring(producer)
    again = Producer(states("copy"), bus, HUB)
    assert (stored.epoch, stored.sequence + 1) != (lost.epoch, lost.sequence)
    assert ring(again).epoch != lost.epoch


def test_memory_and_timers_are_kept_in_memory_too(state):
    """A lamp is switched off in time, even with a full disk."""
    inbox = Inbox(state)
    state.clock.stand()
    with _full_disk():
        set_timer(state, testing.event("light.expired", "lamp"), 60.0)
        assert state.disk_fault
        assert inbox.due_in_s() == pytest.approx(60.0, abs=0.001)
    state.clock.passed_s += WRITE_BACK_S
    state.write_back()
    assert len(rows(state, "SELECT 1 FROM inbox WHERE state = 'waiting'")) == 1


def test_a_failed_transaction_on_a_full_disk_leaves_memory_as_before(state, net, states):
    """The run is not on the disk at all; it is whole in memory, and is written back whole."""
    DiskMemory(state)["n"] = 1
    query = "SELECT value FROM memory WHERE key = 'n'"

    def on_disk():
        with closing(sqlite3.connect(state._file.path)) as other:
            return other.execute(query).fetchall()

    def count(event, config):
        memory["n"] += 1
        memory["text"] = "x" * 50_000

    consumer = consumer_of(state, net.bus(), reaction(count, since_s=60))
    ring(Producer(states("hub"), net.bus(), HUB))
    with _full_disk():
        run_until(consumer, lambda: outcomes(state))
        assert state.disk_fault
        assert on_disk() == [("1",)]
        assert DiskMemory(state)["n"] == 2
    state.clock.passed_s += WRITE_BACK_S
    state.write_back()
    assert on_disk() == [("2",)]


def test_a_checkpoint_with_a_full_disk_is_kept_in_memory(state, net, states):
    """A run that saves before its act goes on, and what it saved outlives its failure."""

    def light(event, config):
        memory["lit"] = True
        checkpoint()
        memory["lit"] = False
        raise OSError("no lamp")

    consumer = consumer_of(state, net.bus(), reaction(light, since_s=60, attempts=1))
    ring(Producer(states("hub"), net.bus(), HUB))
    with _full_disk():
        run_until(consumer, lambda: outcomes(state))
        assert state.disk_fault
        assert DiskMemory(state)["lit"] is True
    state.clock.passed_s += WRITE_BACK_S
    state.write_back()
    assert not state.disk_fault
    assert DiskMemory(state)["lit"] is True


def test_the_memory_is_bounded(state, net):
    """It grows to 16 MB; after that each write is an error."""
    producer = Producer(state, net.bus(), HUB)
    with _full_disk():
        with pytest.raises(StateError, match="full"):
            [ring(producer, text="x" * 60_000) for _ in range(400)]
        assert state.disk_fault
    state.clock.passed_s += WRITE_BACK_S
    state.write_back()
    assert not state.disk_fault
    assert len(rows(state, "SELECT 1 FROM journal")) > 200


def test_the_memory_is_given_back_where_the_disk_stays_full(tmp_path):
    """A process that is closed meanwhile keeps no connection to it."""
    state = State(tmp_path / "own.db", FakeClock())
    with _full_disk(), closing(state):
        state.do(lambda db: db.execute("INSERT INTO memory VALUES ('a', '1')"))
        copy = state._file.connection
        assert copy is not state._file.disk
    assert not _is_open(copy)


def test_a_boot_with_a_full_disk_begins_a_numbering_in_the_room_that_was_held(small_disk):
    """Nothing else is left. When there is room again, it is held again."""
    path, clock = small_disk / "own.db", FakeClock()
    with closing(State(path, clock)) as state:
        state.do(lambda db: db.execute("INSERT INTO memory VALUES ('a', '1')"))
        epoch = state.epoch
    room = (small_disk / "own.lock").stat().st_size
    for _ in range(10):  # while others take what is free
        with (small_disk / "ballast").open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 512)
        clock.reboot()
        with closing(State(path, clock)) as state:
            assert state.epoch != epoch
            epoch = state.epoch
    with closing(State(path, clock)) as state:
        for number in range(50):
            state.do(lambda db, key=str(number): db.execute(PUT, (key, "x" * 4000)))
        assert state.disk_fault
        (small_disk / "ballast").unlink()
        state.fallback.write_back(at_once=True)
        assert not state.disk_fault
        assert len(rows(state, "SELECT * FROM memory")) == 51
    assert (small_disk / "own.lock").stat().st_size == room


def test_an_id_that_only_the_disk_has_is_known_in_memory_too(state, net):
    """The copy has the last events only; a command that is repeated must not ring again."""
    hub, journal = Producer(state, net.bus(), HUB), Journal(state, HUB)
    first = ring(hub)
    for _ in range(LAST_EVENTS):
        ring(hub)
    with _full_disk():
        last = ring(hub)
        assert state.disk_fault
        assert (first.id,) not in rows(state, "SELECT id FROM journal")
        assert journal.find(first.id) == first
        assert [journal.knows(one) for one in (first.id, last.id, "none")] == [1, 1, 0]
    state.fallback.write_back(at_once=True)
    assert journal.find(first.id) == first


def test_a_file_that_is_too_large_for_the_memory_leaves_no_copy(state, monkeypatch):
    """What was copied by then is given back at once."""
    monkeypatch.setattr(memory_copy, "MAX_PAGES", 4)
    with pytest.raises(sqlite3.OperationalError, match="full") as raised:
        MemoryCopy(state._file.disk)
    assert not _is_open(raised.traceback[1].locals["self"].db)


def _is_open(db):
    try:
        db.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def test_a_file_that_another_program_holds_is_no_disk_fault(state, monkeypatch):
    """A busy file is waited for, and the state stays on the disk."""
    with closing(sqlite3.connect(state._file.path, isolation_level=None)) as other:
        state._file.disk.execute("PRAGMA busy_timeout = 20")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="locked"):
            state.do(lambda db: db.execute("DELETE FROM memory"))
        assert not state.disk_fault
        other.execute("ROLLBACK")
    state.do(lambda db: db.execute("DELETE FROM memory"))


def test_all_threads_go_on_with_a_full_disk(state):
    """Several threads write at the same moment: the writes of all are kept in memory."""
    gate = threading.Barrier(8)

    def write(number):
        gate.wait()
        state.do(lambda db: db.execute("INSERT INTO memory VALUES (?, '')", (str(number),)))

    with _full_disk():
        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(rows(state, "SELECT key FROM memory")) == 8


def test_what_a_command_does_to_the_inbox_meanwhile_is_not_undone(tmp_path):
    """A letter that is discarded while the state is in memory stays discarded afterwards."""
    clock = FakeClock()
    with closing(State(tmp_path / "notify.db", clock)) as state:
        inbox = Inbox(state)
        for subject in ("front", "back"):
            delivery = inbox.claim(testing.event("doorbell.pressed", subject))
            with state.write() as db:
                inbox.dead_letter(db, delivery, "it is refused")
        with _full_disk():
            state.do(lambda db: db.execute("INSERT INTO memory VALUES ('a', '1')"))
        assert state.disk_fault
        file = InboxFile(tmp_path / "notify.db")
        first, second = file.dead()
        assert file.discard(first)
        assert file.retry(second, any_age=True)
        clock.passed_s += WRITE_BACK_S + 1
        state.write_back()
        assert not state.disk_fault
        assert file.dead() == []
        assert inbox.take_due().event.id == second.event.id
        assert rows(state, "SELECT value FROM memory") == [("1",)]
