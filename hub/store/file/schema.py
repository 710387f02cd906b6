"""The tables of a state file, and the steps from each earlier schema to the next."""

import logging
import sqlite3

log = logging.getLogger(__name__)
PAGE_BYTES = 1024  # a commit writes whole pages to the log, and most of ours change a few rows

# Since schema 5 the tables are keyed by stream (`hub.wire.streams`): the source, type and subject
# of an event, or `later TYPE SUBJECT` for a timer. Before, the key was the topic:
# `SOURCE/event/TYPE/SUBJECT`, or `later/TYPE/SUBJECT`. A hub or a handler may be called `event`,
# which is why the first `replace` is there; no other level can be.
_TO_STREAMS = """
UPDATE {0} SET stream = (
    SELECT substr(half, 1, instr(half, ' '))
        || replace(substr(half, instr(half, ' ') + 1), '/', ' ')
    FROM (
        SELECT replace(replace({0}.stream, '/event/event/', '/event '), '/event/', ' ') AS half));
"""


def _keyed_by_stream(*tables: str) -> str:
    rename = "ALTER TABLE {0} RENAME COLUMN topic TO stream;"
    return "".join((rename + _TO_STREAMS).format(table) for table in tables)


# Each step brings a file from the version before it to its own. A released step never changes.
SCHEMA_STEPS = (
    """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- The journal (transactional outbox): the events of this process.
CREATE TABLE head (
    topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (topic, epoch)) WITHOUT ROWID;
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,
    topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    type TEXT NOT NULL, id TEXT NOT NULL UNIQUE, time REAL NOT NULL, payload BLOB NOT NULL,
    published INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX journal_sequence ON journal (topic, epoch, sequence);
CREATE INDEX journal_unpublished ON journal (position) WHERE published = 0;
-- The inbox (idempotent consumer): the events of others, as long as they are not finished.
CREATE TABLE cursor (
    topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (topic, epoch)) WITHOUT ROWID;
CREATE TABLE inbox (
    topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0,
    due REAL, payload BLOB, reason TEXT,
    PRIMARY KEY (topic, epoch, sequence)) WITHOUT ROWID;
CREATE INDEX inbox_due ON inbox (due) WHERE due IS NOT NULL;
CREATE TABLE producer (
    source TEXT NOT NULL, type TEXT NOT NULL, PRIMARY KEY (source, type)) WITHOUT ROWID
""",
    # `due` is counted on the clock that never jumps; `due_unix` and `wait_s` carry it over a boot.
    """
ALTER TABLE inbox ADD COLUMN due_unix REAL;
ALTER TABLE inbox ADD COLUMN wait_s REAL;
UPDATE inbox SET due_unix = due, wait_s = 86400, due = 0 WHERE due IS NOT NULL;
-- How far each consumer has come that asks this process: retention keeps what it still needs.
CREATE TABLE consumer (
    name TEXT NOT NULL, topic TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
    heard REAL NOT NULL, PRIMARY KEY (name, topic, epoch)) WITHOUT ROWID
""",
    # For tracing: when an event was journaled and acknowledged, in seconds since the boot that the
    # event names; the records that a handler keeps (`hub.keep`). And which event may be of any age,
    # because a person has put it into the inbox again.
    """
ALTER TABLE journal ADD COLUMN journaled REAL;
ALTER TABLE journal ADD COLUMN acknowledged REAL;
-- The id, which sorts by time, is the only index: another one is another page for each event.
CREATE TABLE record (
    id TEXT PRIMARY KEY, time REAL NOT NULL, type TEXT NOT NULL, payload BLOB NOT NULL)
    WITHOUT ROWID;
ALTER TABLE inbox ADD COLUMN any_age INTEGER NOT NULL DEFAULT 0
""",
    # When a cursor last moved, in Unix seconds: long after that it goes, if its producer has
    # forgotten the numbering.
    """
ALTER TABLE cursor ADD COLUMN moved REAL NOT NULL DEFAULT 0;
UPDATE cursor SET moved = CAST(strftime('%s', 'now') AS REAL)
""",
    # Streams instead of topics. Timers are numbered in the inbox: `head` is the journal's alone.
    # And whether the clock of an event was set, which only its payload said.
    _keyed_by_stream("head", "journal", "cursor", "inbox", "consumer")
    + """
DELETE FROM head WHERE stream GLOB 'later *';
ALTER TABLE journal ADD COLUMN synchronised INTEGER NOT NULL DEFAULT 1;
UPDATE journal SET synchronised = 0
    WHERE instr(CAST(payload AS TEXT), '"clock":"unsynchronised"') > 0
""",
    # Fewer and smaller writes. What is unpublished stands behind `published to` in `meta`, and a
    # record stays within a small page where its table has row numbers.
    """
DROP INDEX journal_unpublished;
ALTER TABLE record RENAME TO record_before;
CREATE TABLE record (
    id TEXT NOT NULL UNIQUE, time REAL NOT NULL, type TEXT NOT NULL, payload BLOB NOT NULL);
INSERT INTO record SELECT * FROM record_before ORDER BY id;
DROP TABLE record_before
""",
    # A page less for each event. The journal itself says how far each numbering has come: only
    # what is removed from it is noted.
    """
ALTER TABLE head RENAME TO numbering;
CREATE VIEW head AS
    SELECT stream, epoch, MAX(sequence, COALESCE((
            SELECT MAX(journal.sequence) FROM journal
            WHERE journal.stream = numbering.stream AND journal.epoch = numbering.epoch
        ), 0)) AS sequence
    FROM numbering
""",
    # What each consumer asks for, and when it last did: it is owed the first event of a type, too.
    # Of an observer this tells only the types that it was owed before, until it asks again.
    """
CREATE TABLE asked (
    name TEXT NOT NULL, type TEXT NOT NULL, heard REAL NOT NULL,
    PRIMARY KEY (name, type)) WITHOUT ROWID;
INSERT INTO asked
    SELECT name, substr(half, 1, instr(half, ' ') - 1) AS type, MAX(heard)
    FROM (SELECT name, heard, substr(stream, instr(stream, ' ') + 1) AS half FROM consumer)
    GROUP BY name, type;
ALTER TABLE consumer DROP COLUMN heard;
INSERT OR IGNORE INTO meta SELECT 'copy taken up', value FROM meta WHERE key = 'copied'
""",
    # For how many days a record is kept; an earlier one as long as the next call of `keep` says.
    # Days, not the time when they are over: two bytes in place of seven for each event of `log`.
    """
ALTER TABLE record ADD COLUMN days REAL
""",
)
SCHEMA_VERSION = len(SCHEMA_STEPS)


class NewerSchemaError(sqlite3.NotSupportedError):
    """A newer doorbell wrote the state file, and this one cannot know its tables."""

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
    """Bring a state file to the current schema, in one durable transaction.

    Raises:
        NewerSchemaError: a newer doorbell wrote it; it is left as it is.
        sqlite3.Error: the file cannot be written; it stays as it was, once it is closed.
    """
    version = version_of(db)
    if version == 0:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    db.execute("PRAGMA journal_mode = WAL")
    if version == SCHEMA_VERSION:
        return
    db.execute("PRAGMA synchronous = FULL")
    db.execute("BEGIN IMMEDIATE")
    for step in SCHEMA_STEPS[version:]:
        for statement in step.split(";"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")
    if version:
        _make_pages_small(db)


def _make_pages_small(db: sqlite3.Connection) -> None:
    """Write a file of an earlier schema anew, with our page size; without room it stays.

    See https://sqlite.org/pragma.html#pragma_page_size: it takes a VACUUM outside of WAL.
    """
    try:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        db.execute("VACUUM")
    except sqlite3.OperationalError as error:
        log.info("the pages of a state file stay as large as they are: %s", error)
    db.execute("PRAGMA journal_mode = WAL")
