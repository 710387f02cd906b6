"""The tables of the guest book. They stand in the page's own state file, or in memory."""

import sqlite3

Connection = sqlite3.Connection

# A key leads from an event to its visit: the id of each press and answer, and the trace of each.
# An event that comes before the press of its visit waits in `early`.
TABLES = """
CREATE TABLE IF NOT EXISTS visit (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, hub TEXT NOT NULL, door TEXT NOT NULL,
    name TEXT NOT NULL, began REAL NOT NULL, last REAL NOT NULL, presses INTEGER NOT NULL,
    state TEXT NOT NULL, answer TEXT NOT NULL DEFAULT '', by TEXT NOT NULL DEFAULT '', ended REAL,
    late INTEGER NOT NULL DEFAULT 0, kept INTEGER NOT NULL DEFAULT 0,
    fate TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS visit_began ON visit (began);
CREATE TABLE IF NOT EXISTS visit_key (key TEXT PRIMARY KEY, visit INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recording (
    visit INTEGER NOT NULL, time REAL NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL,
    handler TEXT NOT NULL, PRIMARY KEY (visit, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reaction (
    visit INTEGER NOT NULL, handler TEXT NOT NULL, cause TEXT NOT NULL, type TEXT NOT NULL,
    outcome TEXT NOT NULL, at REAL NOT NULL, after_s REAL, took_s REAL, note TEXT NOT NULL,
    attempt INTEGER NOT NULL, PRIMARY KEY (visit, handler, cause)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS early (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL, time REAL NOT NULL,
    payload BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS early_key ON early (key, time)
"""


def make(db: Connection) -> None:
    """Make the tables that are not there yet."""
    for statement in TABLES.split(";"):
        db.execute(statement)


def in_memory() -> Connection:
    """The tables of a book that is read once, and not kept."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    make(db)
    return db


def number_of(db: Connection, key: str) -> int | None:
    """The number of the visit to which a press, an answer or a trace belongs."""
    row = db.execute("SELECT visit FROM visit_key WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None
