"""State files of each earlier schema, written by the code of that time, open without a loss."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.store.cursors import Cursors
from hub.store.file.schema import SCHEMA_STEPS, SCHEMA_VERSION
from hub.store.inbox.inbox import Inbox
from hub.store.journal.journal import Journal
from hub.store.state import State, StateError
from tests.forked import exit_code
from tests.house import ROOT
from tests.hub.fakes import rows

DUMPS = Path(__file__).parent / "schemas"
STREAMS_SINCE = 5  # before that the tables were keyed by topics
RECORDS_SINCE = 3
ASKED_SINCE = 8  # before that a consumer was known by the streams that it was owed
STREAM_OF = {  # every key in the dumps, and some that an owner's file may hold
    "doorbell/hub/home/event/doorbell.pressed/front": "doorbell/hub/home doorbell.pressed front",
    "doorbell/handler/one/event/handler.done/front": "doorbell/handler/one handler.done front",
    "doorbell/handler/event/event/event.seen/event": "doorbell/handler/event event.seen event",
    "doorbell/hub/event/event/clock.day_ended/later": "doorbell/hub/event clock.day_ended later",
    "later/one.due/front": "later one.due front",
    "later/event.event/event": "later event.event event",
}
HEADS = 3  # of KEPT; timers were numbered there, until the inbox could do that itself
KEPT = (
    "SELECT {0}, position, epoch, sequence, type, id, time, payload, published FROM journal"
    " ORDER BY position",
    "SELECT {0}, epoch, sequence, state, attempts, crashes, payload, reason FROM inbox"
    " ORDER BY {0}, sequence",
    "SELECT {0}, epoch, sequence FROM cursor ORDER BY {0}",
    "SELECT {0}, epoch, sequence FROM head ORDER BY {0}",
    "SELECT key, value FROM memory",
    "SELECT * FROM producer",
)
DIE_IN_STEP = """
import os, signal, sys
from pathlib import Path
from hub.store import state
from hub.store.file import state_file
kill = int(sys.argv[2])
real = state_file.sqlite3.connect
class Doomed(state_file.sqlite3.Connection):
    def execute(self, text, *values):
        global kill
        steps = ("ALTER", "CREATE", "DELETE", "DROP", "UPDATE", "INSERT INTO record", "--")
        steps += ("INSERT INTO asked", "INSERT OR IGNORE INTO meta SELECT", "PRAGMA user_version =")
        if text.lstrip().startswith(steps):
            kill -= 1
            if kill < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(text, *values)
state_file.sqlite3.connect = lambda *a, **k: real(*a, **k, factory=Doomed)
state.State(Path(sys.argv[1])).close()
"""


def _written(path: Path, version: int) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.executescript((DUMPS / f"{version}.sql").read_text(encoding="utf-8"))
    return path


def _contents(path: Path) -> list[list[tuple[object, ...]]]:
    """What must outlive each step, the key of each row first, topics as streams."""
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        key = "stream" if version >= STREAMS_SINCE else "topic"
        tables = [db.execute(query.format(key)).fetchall() for query in KEPT]
    tables[HEADS] = [row for row in tables[HEADS] if not row[0].startswith("later")]
    return [[(STREAM_OF.get(first, first), *rest) for first, *rest in table] for table in tables]


def _sequence(payload: bytes) -> int:
    return int(json.loads(payload)["sequence"])


def test_todays_code_writes_the_file_of_its_schema():
    """The script is used once for each schema; until the next one it must keep up with the code."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = [sys.executable, DUMPS / "write.py"]
    done = subprocess.run(script, env=variables, capture_output=True, check=True, text=True)
    known = (DUMPS / f"{SCHEMA_VERSION}.sql").read_text(encoding="utf-8")
    rows_of = re.compile(r'^INSERT INTO "(\w+)"', re.MULTILINE)
    assert rows_of.findall(done.stdout) == rows_of.findall(known) != []
    assert done.stdout.endswith(f"\nPRAGMA user_version = {SCHEMA_VERSION};\n")


def test_each_schema_has_its_file():
    """A schema without a file that its code wrote would be untested."""
    found = sorted(int(path.stem) for path in DUMPS.glob("*.sql"))
    assert found == list(range(1, SCHEMA_VERSION + 1))
    for number in found:
        dump = (DUMPS / f"{number}.sql").read_text(encoding="utf-8")
        assert re.search(r"PRAGMA user_version = (\d+);", dump)[1] == str(number)


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_an_older_file_is_upgraded_without_a_loss(tmp_path, version):
    """Events, inbox, timers and memory are there, and an interrupted event comes again."""
    path = _written(tmp_path / "one.db", version)
    before = _contents(path)
    assert [len(table) for table in before][:3] == [3, 5, 1]
    state = State(path)
    assert _contents(path) == before
    assert rows(state, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    inbox, journal = Inbox(state), Journal(state, "doorbell/handler/one")
    inbox.recover()
    cut_off = inbox.take_due()
    while cut_off and cut_off.sequence != 4:
        cut_off = inbox.take_due()
    assert cut_off
    assert cut_off.event.redelivered
    waiting = rows(state, "SELECT state FROM inbox WHERE stream LIKE 'later %' OR sequence = 2")
    assert len(waiting) == 2
    with state.write() as db:
        said, _ = journal.append(
            db, "handler.done", "front", {}, time=datetime.now(UTC), cause=cut_off.event
        )
        inbox.finish(db, cut_off)
    assert journal.knows(said.id)
    assert [
        _sequence(payload)
        for (payload,) in rows(state, "SELECT payload FROM inbox WHERE state = 'dead'")
    ] == [3]
    assert len(journal.unpublished(0, 10)) == 2
    assert Cursors(state).of_type("doorbell.pressed")[0][2] == 4
    state.close()


def test_every_topic_becomes_its_stream(tmp_path):
    """So it is in each table, whatever names hub, handler, door and type have."""
    path = _written(tmp_path / "one.db", STREAMS_SINCE - 1)
    with closing(sqlite3.connect(path)) as db, db:
        for topic in STREAM_OF:
            db.execute("INSERT INTO consumer VALUES ('log', ?, 'e', 1, 2.0)", (topic,))
            for table, columns, values in (
                ("head", "sequence", "1"),
                ("cursor", "sequence", "1"),
                ("inbox", "sequence, state", "1, 'done'"),
                ("journal", "sequence, type, id, time, payload", f"1, 'a.b', '{topic}', 0, ''"),
            ):
                insert = f"INSERT INTO {table} (topic, epoch, {columns}) VALUES (?, 'e', {values})"  # noqa: S608
                db.execute(insert, (topic,))
    with closing(State(path)) as state:
        for table in ("head", "journal", "cursor", "inbox", "consumer"):
            found = rows(state, f"SELECT stream FROM {table} WHERE epoch = 'e'")  # noqa: S608
            timers = {stream for stream in STREAM_OF.values() if stream.startswith("later ")}
            expected = set(STREAM_OF.values()) - (timers if table == "head" else set())
            assert {stream for (stream,) in found} == expected


def test_the_journal_knows_whose_clock_was_not_set(tmp_path):
    """A column says now what only the payload said, so that retention calls no such event old."""
    path = _written(tmp_path / "one.db", STREAMS_SINCE - 1)
    with closing(sqlite3.connect(path)) as db, db:
        before = db.execute("SELECT payload FROM journal ORDER BY position").fetchall()
        changed = before[0][0].replace(b'"unsynchronised"', b'"synchronised"')
        assert changed != before[0][0]
        db.execute("UPDATE journal SET payload = ? WHERE position = 1", (changed,))
    with closing(State(path)) as state:
        assert rows(state, "SELECT synchronised FROM journal ORDER BY position") == [
            (1,),
            (0,),
            (0,),
        ]


def test_what_each_consumer_has_asked_for_comes_along(tmp_path):
    """Retention still knows the consumers of an earlier file, and for which types they asked."""
    path = _written(tmp_path / "one.db", ASKED_SINCE - 1)
    hub = "doorbell/hub/home"
    told = [
        ("log", f"{hub} doorbell.pressed front", "e", 1, 2.0),
        ("log", f"{hub} doorbell.pressed back", "e", 4, 3.0),
        ("log", f"{hub} doorbell.stuck front", "e", 1, 2.0),
    ]
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO consumer VALUES (?, ?, ?, ?, ?)", told)
    with closing(State(path)) as state:
        asked = [("log", "doorbell.pressed", 3.0), ("log", "doorbell.stuck", 2.0)]
        assert rows(state, "SELECT * FROM asked") == asked
        assert rows(state, "SELECT * FROM consumer") == sorted(row[:4] for row in told)


@pytest.mark.parametrize("version", range(RECORDS_SINCE, SCHEMA_VERSION + 1))
def test_the_records_of_a_handler_come_along(tmp_path, version):
    """An earlier one does not say for how many days it is kept."""
    path = _written(tmp_path / "one.db", version)
    with closing(sqlite3.connect(path)) as db, db:
        insert = "INSERT INTO record (id, time, type, payload) VALUES ('a', 1.5, 'b.c', x'7b7d')"
        db.execute(insert)
    with closing(State(path)) as state:
        assert rows(state, "SELECT * FROM record") == [("a", 1.5, "b.c", b"{}", None)]


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_step_that_is_interrupted_is_done_again(tmp_path, version):
    """After SIGKILL before any statement the file is as it was, and is upgraded then."""
    left = 0
    while True:
        path = _written(tmp_path / f"{left}.db", version)
        before = _contents(path)
        died = exit_code(DIE_IN_STEP, path, left)
        if died == 0:
            break
        assert died == -signal.SIGKILL
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (version,)
        State(path).close()
        assert _contents(path) == before
        left += 1
    assert left >= sum(len(step.split(";")) for step in SCHEMA_STEPS[version:]) + 1


def test_a_file_of_a_newer_doorbell_is_refused_and_untouched(tmp_path):
    """The error says what to do."""
    path = _written(tmp_path / "one.db", SCHEMA_VERSION)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"newer doorbell.*Update this one"):
        State(path)
    assert path.read_bytes() == before
