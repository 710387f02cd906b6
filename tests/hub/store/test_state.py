"""The state file: one process, one file, all or nothing."""

import signal
import sqlite3
import threading
from contextlib import closing

import pytest

from hub import testing
from hub.store.file.schema import PAGE_BYTES, SCHEMA_STEPS, SCHEMA_VERSION
from hub.store.inbox.inbox import Inbox
from hub.store.journal.journal import Journal
from hub.store.state import State, StateError
from hub.wire.event import encode
from tests.forked import PATIENCE_S
from tests.hub.fakes import HUB, FakeClock, python, rows

INSERT = "INSERT INTO memory VALUES ('key', 'value')"
LEAKS = pytest.mark.filterwarnings(
    "ignore::ResourceWarning"
)  # see the test of a lock that is let go
WRITE_AND_HANG = """
import sys, threading
from pathlib import Path
from hub.store.state import State
state = State(Path(sys.argv[1]))
with state.write() as db:
    db.execute("INSERT INTO memory VALUES ('key', 'value')")
print("written", flush=True)
threading.Event().wait()
"""

MEND_AND_TRY_AGAIN = """
import sys
from pathlib import Path
from hub.store.state import State, StateError
from hub.system.clock import BOOT, Clock
path = Path(sys.argv[1])
try:
    State(path)
except StateError as refused:
    path.unlink()
    State(path).close()
    print("opened")
"""


def test_what_was_written_is_there_when_the_file_is_opened_again(tmp_path):
    """The epoch belongs to the file, not to the process."""
    first = State(tmp_path / "deep" / "own.db")
    with first.write() as db:
        db.execute(INSERT)
    first.close()
    second = State(tmp_path / "deep" / "own.db")
    assert rows(second, "SELECT key, value FROM memory") == [("key", "value")]
    assert second.epoch == first.epoch
    assert len(first.epoch) == 16
    second.close()


def test_a_new_file_is_a_new_epoch(states):
    """So the numbers of a lost file are never mistaken for those of the next one."""
    assert states("one").epoch != states("two").epoch


def test_a_failed_transaction_leaves_no_trace(state):
    """Nothing of it stays, however it ended, and the next transaction works."""

    def write_and_fail():
        with state.write() as db:
            db.execute(INSERT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()
    assert rows(state, "SELECT * FROM memory") == []
    with state.write() as db:
        db.execute(INSERT)
    assert len(rows(state, "SELECT * FROM memory")) == 1


def test_no_commit_waits_for_the_disk(state):
    """NORMAL (1): the flusher alone syncs and copies the log (0 pages: nobody else does)."""
    assert rows(state, "PRAGMA synchronous") == [(1,)]
    assert rows(state, "PRAGMA journal_mode") == [("wal",)]
    assert rows(state, "PRAGMA wal_autocheckpoint") == [(0,)]


def test_what_was_written_survives_kill_9(tmp_path):
    """Every commit outlives its process."""
    path = tmp_path / "own.db"
    with python(WRITE_AND_HANG, path) as process:
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    state = State(path)
    assert rows(state, "SELECT key FROM memory") == [("key",)]
    state.close()


def test_a_second_process_is_refused(tmp_path):
    """Two processes with one inbox would act twice; the lock ends with its process."""
    path = tmp_path / "own.db"
    with python(WRITE_AND_HANG, path) as process:
        assert process.stdout.readline() == "written\n"
        with pytest.raises(
            StateError, match=r"own\.db: in use: own runs already\. Stop the other one first"
        ):
            State(path)
        process.kill()
    state = State(path)
    state.close()


@LEAKS
def test_a_file_of_a_newer_doorbell_is_left_alone(tmp_path):
    """An older program cannot know the tables of a newer one."""
    path = tmp_path / "own.db"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    with pytest.raises(
        StateError, match=rf"newer doorbell \(schema {SCHEMA_VERSION + 1}\)\. Update this one"
    ):
        State(path)


@LEAKS
@pytest.mark.parametrize("fault", ["no database", "a file for a folder"])
def test_the_error_for_a_file_that_cannot_be_used_says_what_to_do(tmp_path, fault):
    """The error names the file, the fault, and what to check."""
    path = tmp_path / "own.db"
    if fault == "no database":
        path.write_bytes(b"not SQLite at all, " * 100)
    else:
        (tmp_path / "file").touch()
        path = tmp_path / "file" / "own.db"
    with pytest.raises(
        StateError, match=r"own\.db: cannot be used: .*\. Check the folder's permissions and space"
    ):
        State(path)


def test_the_error_for_a_file_that_cannot_be_read_says_what_to_do(tmp_path):
    """An overwritten page of the journal, found after the file was opened."""
    path = tmp_path / "own.db"
    with closing(State(path)) as state:
        page = dict(rows(state, "SELECT name, rootpage FROM sqlite_master"))["journal"]
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(b"\xff" * PAGE_BYTES)
    words = r"own\.db: cannot be read: .*malformed\. Look at the disk\."
    with closing(State(path)) as state:
        with pytest.raises(StateError, match=words):
            Journal(state, HUB)
        assert rows(state, "SELECT * FROM memory") == []


def test_a_read_that_fails_within_a_transaction_counts_as_its_fault(state):
    """The disk fails in a transaction; that is tried again in memory, whatever it was doing."""
    disk = state._file.disk

    def work(db):
        with state.read():
            if db is disk:
                fault = sqlite3.OperationalError("disk I/O error")
                fault.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise fault
        db.execute(INSERT)

    state.do(work)
    assert "own.db: cannot be read: disk I/O error. Look at the disk." in state.disk_fault
    assert rows(state, "SELECT key FROM memory") == [("key",)]


def test_threads_take_turns(state):
    """A transaction of one thread never mixes with another's: no increment is lost."""
    with state.write() as db:
        db.execute("INSERT INTO memory VALUES ('n', '0')")

    def count():
        for _ in range(50):
            with state.write() as db:
                (value,) = db.execute("SELECT value FROM memory").fetchone()
                db.execute("UPDATE memory SET value = ?", (str(int(value) + 1),))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(state, "SELECT value FROM memory") == [("200",)]


def test_a_file_that_could_not_be_opened_is_not_locked(tmp_path):
    """A refused process holds no lock: it can open the file once that is repaired."""
    path = tmp_path / "own.db"
    path.write_bytes(b"not SQLite at all, " * 100)
    with python(MEND_AND_TRY_AGAIN, path) as process:
        said, told = process.communicate(timeout=PATIENCE_S)
    assert said == "opened\n", told


def test_a_file_of_the_first_schema_is_upgraded(tmp_path):
    """Epoch, numbers and timers stay; what was due by the wall clock is due by it still."""
    path = tmp_path / "own.db"
    clock = FakeClock().stand()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA_STEPS[0] + ";PRAGMA user_version = 1")
        db.execute("INSERT INTO meta VALUES ('epoch', '00000000000000ff')")
        db.execute("INSERT INTO head VALUES ('topic', '00000000000000ff', 41)")
        payload = encode(testing.event("light.expired", "lamp"))
        row = (
            "later/light.expired/lamp",
            "00000000000000ff",
            1,
            "waiting",
            clock.unix_s() + 300.0,
            payload,
        )
        db.execute(
            "INSERT INTO inbox (topic, epoch, sequence, state, due, payload)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        db.execute("INSERT INTO meta VALUES ('inode', ?)", (str(path.stat().st_ino),))
        db.commit()
    with closing(State(path, clock)) as state:
        assert state.epoch == "00000000000000ff"
        assert rows(state, "SELECT sequence FROM head") == [(41,)]
        inbox = Inbox(state)
        inbox.recover()
        assert inbox.due_in_s() == pytest.approx(300.0, abs=0.001)
        assert rows(state, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
