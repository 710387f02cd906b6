"""The flusher: commits come onto the disk beside the threads that make them."""

import errno
import os
import shutil
import threading
from contextlib import closing
from itertools import count

import pytest

from hub.store.file import flusher
from hub.store.file.memory_fallback import WRITE_BACK_S
from hub.store.state import State
from tests.house import until
from tests.hub.fakes import FakeClock, journaled, rows

SALTS = slice(16, 24)  # of the log's header: others when it begins anew


def _remember(state, key):
    state.do(lambda db: db.execute("INSERT INTO memory VALUES (?, '1')", (key,)))


@pytest.fixture
def disk(monkeypatch):
    """A disk whose syncs wait until they may go on, or fail."""

    class Disk:
        may_sync = threading.Event()
        fails = False
        syncs = 0

    sync = os.fdatasync
    there = Disk()
    there.may_sync.set()

    def behaves(descriptor):
        there.may_sync.wait()
        there.syncs += 1
        if there.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", behaves)
    yield there
    there.may_sync.set()


def test_a_commit_does_not_wait_for_the_disk_and_what_waits_is_called_after_it(tmp_path, disk):
    """In order, once all that was committed before is synced; at once if nothing is left."""
    called = []
    with closing(State(tmp_path / "own.db")) as state:
        state.sync()
        state.after_sync(lambda: called.append("nothing to sync"))
        assert called == ["nothing to sync"]
        disk.may_sync.clear()
        for key in "abc":
            _remember(state, key)
            state.after_sync(lambda key=key: called.append(key))
        assert called == ["nothing to sync"]
        disk.may_sync.set()
        until(lambda: called[1:] == ["a", "b", "c"], lambda: str(called))


def test_what_is_committed_while_a_sync_runs_is_in_the_next_one(tmp_path, disk):
    """However many commits there are, they share it."""
    with closing(State(tmp_path / "own.db")) as state:
        state.sync()
        disk.may_sync.clear()
        before = disk.syncs
        for number in range(50):
            _remember(state, str(number))
        disk.may_sync.set()
        state.sync()
        assert disk.syncs - before <= 2


def test_commits_that_follow_one_another_share_a_sync_that_nobody_waits_for(
    tmp_path, disk, monkeypatch
):
    """To be woken by each costs a catch-up more than the syncs; who waits for one ends the rest."""
    monkeypatch.setattr(flusher, "APART_S", 60.0)
    with closing(State(tmp_path / "own.db")) as state:
        state.sync()
        before = disk.syncs
        for number in range(50):
            _remember(state, str(number))
        assert disk.syncs == before
        state.sync()
        assert disk.syncs - before == 1
        _remember(state, "last")
        state.sync_soon()
        until(lambda: disk.syncs - before == 2, "no sync on request")


def test_a_commit_after_a_pause_is_synced_by_itself(tmp_path, disk, monkeypatch):
    """The rest is between two syncs, and not before each."""
    monkeypatch.setattr(flusher, "APART_S", 0.05)
    with closing(State(tmp_path / "own.db")) as state:
        state.sync()
        before = disk.syncs
        for number in range(3):
            _remember(state, str(number))
            until(lambda number=number: disk.syncs > before + number, "it is not synced by itself")


def test_a_commit_that_can_wait_shares_the_sync_of_the_next_one(tmp_path, disk):
    """It wakes nobody by itself."""
    with closing(State(tmp_path / "own.db")) as state:
        state.sync()
        before = disk.syncs
        state.do(lambda db: db.execute("INSERT INTO memory VALUES ('a', '1')"), can_wait=True)
        _remember(state, "b")
        state.sync()
        assert disk.syncs - before == 1


def test_what_a_commit_begins_comes_before_its_sync_unless_somebody_waits_for_it(
    tmp_path, disk, monkeypatch
):
    """The reactions to it need the processor now; who waits for the disk is not kept waiting."""
    for setting in ("SOON_S", "LATER_S"):
        monkeypatch.setattr(flusher, setting, 60.0)
    with closing(State(tmp_path / "own.db")) as state:
        state.sync()
        before = disk.syncs
        _remember(state, "a")
        state.sync_soon()
        assert disk.syncs == before
        state.sync()
        assert disk.syncs - before == 1


def test_what_can_wait_is_synced_on_request(tmp_path, disk):
    """A reaction may take long, and its claim is not to wait for its outcome then."""
    with closing(State(tmp_path / "own.db")) as state:
        state.sync()
        before = disk.syncs
        state.do(lambda db: db.execute("INSERT INTO memory VALUES ('a', '1')"), can_wait=True)
        state.sync_soon()
        until(lambda: disk.syncs > before, "no sync")


def test_a_failed_sync_is_never_believed(tmp_path, disk):
    """All goes on in memory, under a new numbering, and is written anew, published or not."""
    clock = FakeClock()
    with closing(State(tmp_path / "own.db", clock)) as state:
        state.sync()
        epoch = state.epoch
        faults = []
        state.fallback.on_change = faults.append
        disk.fails = True
        before = journaled(state)
        state.do(lambda db: db.execute("UPDATE journal SET published = 1"))
        until(lambda: faults, "nobody was told")
        assert "cannot be synced: Input/output error" in state.disk_fault
        after = journaled(state)
        assert (before.epoch == epoch, after.epoch == epoch) == (True, False)
        clock.passed_s += WRITE_BACK_S
        state.write_back()
        assert state.disk_fault
        disk.fails = False
        clock.passed_s += WRITE_BACK_S
        state.write_back()
        assert state.disk_fault == ""
    with closing(State(tmp_path / "own.db", clock)) as state:
        assert rows(state, "SELECT id FROM journal") == [(before.id,), (after.id,)]
        assert rows(state, "PRAGMA integrity_check") == [("ok",)]
        assert state.epoch == after.epoch


def test_the_log_is_copied_into_the_file_when_nothing_happens_and_begins_anew(
    tmp_path, monkeypatch
):
    """So no commit has to do it, and the log does not grow for ever."""
    monkeypatch.setattr(flusher, "CHECKPOINT_COMMITS", 5)
    monkeypatch.setattr(flusher, "CHECKPOINT_IDLE_S", 0.001)
    path = tmp_path / "own.db"
    log = tmp_path / "own.db-wal"
    with closing(State(path)) as state:
        _remember(state, "first")
        salts = log.read_bytes()[SALTS]
        keys = map(str, count())

        def begins_anew():
            _remember(state, next(keys))
            return log.read_bytes()[SALTS] != salts

        until(begins_anew, "the log goes on")
        assert len(rows(state, "SELECT * FROM memory")) == int(next(keys)) + 1


def test_the_log_stays_small_however_much_is_committed(tmp_path, monkeypatch):
    """It must not fill the disk while nothing ever rests; what it has taken it gives back then."""
    monkeypatch.setattr(flusher, "CHECKPOINT_MOST", 50)
    monkeypatch.setattr(flusher, "CHECKPOINT_IDLE_S", 0.5)
    log = tmp_path / "own.db-wal"
    sizes = []
    with closing(State(tmp_path / "own.db")) as state:
        for number in range(600):
            _remember(state, str(number))
            sizes.append(log.stat().st_size)
            if not number % 50:
                state.sync()
        assert sizes[-1] < 4 * sizes[50]
        until(lambda: log.stat().st_size < min(sizes[50:]), "the log is never cut")
        assert len(rows(state, "SELECT * FROM memory")) == 600


@pytest.mark.parametrize("setting", ["CHECKPOINT_COMMITS", "CHECKPOINT_MOST"])
def test_the_first_commit_of_a_new_log_is_the_flushers_own(tmp_path, monkeypatch, setting):
    """SQLite syncs the header with it: a press would wait for the disk."""
    monkeypatch.setattr(flusher, setting, 5)
    monkeypatch.setattr(flusher, "CHECKPOINT_IDLE_S", 0.001)
    log = tmp_path / "own.db-wal"
    with closing(State(tmp_path / "own.db")) as state:
        salts = log.read_bytes()[SALTS]
        for number in range(5):
            _remember(state, str(number))
        until(lambda: log.read_bytes()[SALTS] not in (salts, b""), "no commit is in the new log")


def test_the_log_is_not_cut_while_commits_go_on(tmp_path, monkeypatch):
    """To cut a long one holds them up for as long as dozens of them take. A crash loses nothing."""
    monkeypatch.setattr(flusher, "CHECKPOINT_MOST", 50)
    monkeypatch.setattr(flusher, "CHECKPOINT_IDLE_S", 60.0)
    log = tmp_path / "own.db-wal"
    with closing(State(tmp_path / "own.db")) as state:
        salts = log.read_bytes()[SALTS]
        for number in range(60):
            _remember(state, str(number))
        size = log.stat().st_size
        state.sync()
        until(lambda: log.read_bytes()[SALTS] != salts, "the log goes on")
        assert log.stat().st_size >= size
        _remember(state, "in the new log")
        for one in tmp_path.glob("own.db*"):
            shutil.copy(one, tmp_path / one.name.replace("own", "crashed"))
    with closing(State(tmp_path / "crashed.db")) as crashed:
        assert len(rows(crashed, "SELECT * FROM memory")) == 61
        assert rows(crashed, "PRAGMA integrity_check") == [("ok",)]
