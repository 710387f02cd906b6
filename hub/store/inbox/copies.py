"""A state file that was put in place as a copy: what waits in it may have been done since."""

import sqlite3

KNOWN = "copy taken up"  # in `meta`: which copy the file was when the last process began
_NOTE = (
    "INSERT OR REPLACE INTO meta SELECT ?, value FROM meta WHERE key = 'copied'"
    " AND value IS NOT (SELECT value FROM meta WHERE key = ?)"
)


def take_up(db: sqlite3.Connection) -> None:
    """Treat what waits in a new copy as after a crash, except what a person put there.

    Called at start, in the open transaction.
    """
    if db.execute(_NOTE, (KNOWN, KNOWN)).rowcount:
        db.execute("UPDATE inbox SET state = 'crashed' WHERE state = 'waiting'")
