"""The tables of a state file, and the steps from each earlier schema to the next."""

import sqlite3

# From schema 5 on the tables are keyed by the stream (`hub.wire.streams`): source, type and subject of an event, or
# `later TYPE SUBJECT` for a timer. Before, the key was the topic, `SOURCE/event/TYPE/SUBJECT`, or `later/TYPE/SUBJECT`.
# No name but the last one of a source can be `event`, so that the first `replace` is the only special case.
_TO_STREAMS = """
UPDATE {0} SET stream = (
    SELECT substr(half, 1, instr(half, ' ')) || replace(substr(half, instr(half, ' ') + 1), '/', ' ')
    FROM (SELECT replace(replace({0}.stream, '/event/event/', '/event '), '/event/', ' ') AS half));
"""


def _keyed_by_stream(*tables: str) -> str:
    rename = "ALTER TABLE {0} RENAME COLUMN topic TO stream;"
    return "".join((rename + _TO_STREAMS).format(table) for table in tables)


# Each step brings a file from the version before it to its own; a released step is never changed.
SCHEMA_STEPS = (
    """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- The journal (transactional outbox): what this process said.
CREATE TABLE head (topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (topic, epoch)) WITHOUT ROWID;
CREATE TABLE journal (
    position INTEGER PRIMARY KEY, topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    type TEXT NOT NULL, id TEXT NOT NULL UNIQUE, time REAL NOT NULL, payload BLOB NOT NULL,
    published INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX journal_sequence ON journal (topic, epoch, sequence);
CREATE INDEX journal_unpublished ON journal (position) WHERE published = 0;
-- The inbox (idempotent consumer): what this process heard, as long as it is not finished.
CREATE TABLE cursor (topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (topic, epoch)) WITHOUT ROWID;
CREATE TABLE inbox (
    topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, due REAL, payload BLOB, reason TEXT,
    PRIMARY KEY (topic, epoch, sequence)) WITHOUT ROWID;
CREATE INDEX inbox_due ON inbox (due) WHERE due IS NOT NULL;
CREATE TABLE producer (source TEXT NOT NULL, type TEXT NOT NULL, PRIMARY KEY (source, type)) WITHOUT ROWID
""",
    # Times to come are counted on the clock that never jumps, `due`; `due_unix` and `wait_s` carry them over a boot.
    """
ALTER TABLE inbox ADD COLUMN due_unix REAL;
ALTER TABLE inbox ADD COLUMN wait_s REAL;
UPDATE inbox SET due_unix = due, wait_s = 86400, due = 0 WHERE due IS NOT NULL;
-- How far each consumer has come that asks us: retention keeps what it still needs.
CREATE TABLE consumer (name TEXT NOT NULL, topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    heard REAL NOT NULL, PRIMARY KEY (name, topic, epoch)) WITHOUT ROWID
""",
    # Tracing: when an event was journaled and acknowledged, in seconds since the boot that the event names; the records
    # that a handler keeps (`hub.keep`); what was put into an inbox again, and may be of any age.
    """
ALTER TABLE journal ADD COLUMN journaled REAL;
ALTER TABLE journal ADD COLUMN acknowledged REAL;
-- No index but the id, which sorts by time: each one more would be another page written for each event.
CREATE TABLE record (id TEXT PRIMARY KEY, time REAL NOT NULL, type TEXT NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID;
ALTER TABLE inbox ADD COLUMN any_age INTEGER NOT NULL DEFAULT 0
""",
    # When a cursor last moved, in Unix seconds: one whose numbering its producer has forgotten goes in the end.
    """
ALTER TABLE cursor ADD COLUMN moved REAL NOT NULL DEFAULT 0;
UPDATE cursor SET moved = CAST(strftime('%s', 'now') AS REAL)
""",
    # Streams instead of topics; and whether the clock of an event could be believed, which only its payload knew.
    # Timers are numbered in the inbox: the table head belongs to the journal alone.
    _keyed_by_stream("head", "journal", "cursor", "inbox", "consumer")
    + """
DELETE FROM head WHERE stream GLOB 'later *';
ALTER TABLE journal ADD COLUMN synchronised INTEGER NOT NULL DEFAULT 1;
UPDATE journal SET synchronised = 0 WHERE instr(CAST(payload AS TEXT), '"clock":"unsynchronised"') > 0
""",
)
SCHEMA_VERSION = len(SCHEMA_STEPS)


class NewerSchemaError(sqlite3.NotSupportedError):
    """A state file that this version of doorbell cannot know."""

    def __init__(self, version: int) -> None:
        super().__init__(f"written by a newer doorbell (schema {version})")


def version_of(db: sqlite3.Connection) -> int:
    """The schema of a state file; 0 for an empty one.

    Raises:
        NewerSchemaError: a newer doorbell wrote it.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise NewerSchemaError(version)
    return int(version)


def upgrade(db: sqlite3.Connection) -> None:
    """Bring a state file to the current schema, each step in one durable transaction.

    Raises:
        NewerSchemaError: a newer doorbell wrote it; it is left as it is.
        sqlite3.Error: the file cannot be written; the step that failed is undone when it is closed.
    """
    version = version_of(db)
    db.execute("PRAGMA synchronous = FULL")
    for number, step in enumerate(SCHEMA_STEPS[version:], version + 1):
        db.execute("BEGIN IMMEDIATE")
        for statement in step.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")
