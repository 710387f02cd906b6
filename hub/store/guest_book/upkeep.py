"""Ends visits that no handler ends, and removes old ones."""

import sqlite3

from hub.store.guest_book.rules import VisitRules
from hub.store.guest_book.visit import Change

DAY_S = 86_400.0
BATCH = 100  # visits removed in one transaction
OF_A_VISIT = ("visit_key", "recording", "reaction")


def overdue(db: sqlite3.Connection, rules: VisitRules, now_s: float) -> list[int]:
    """The visits that ring, though their visitors have left."""
    query = "SELECT number FROM visit WHERE began > ? AND state = 'ringing' AND last < ?"
    last_s = now_s - rules.over_after_s
    return [number for (number,) in db.execute(query, (now_s - DAY_S, last_s))]


def end(db: sqlite3.Connection, number: int, rules: VisitRules) -> Change:
    """In the open transaction: this visitor has left."""
    missed = "UPDATE visit SET state = 'missed', ended = last + ? WHERE number = ? RETURNING id"
    (visit,) = db.execute(missed, (rules.missed_after_s, number)).fetchone()
    return Change("visit", visit)


def remove_old(db: sqlite3.Connection, before_s: float) -> int:
    """In the open transaction: remove some visits that began before this Unix time.

    Returns:
        How many were removed; as many as `BATCH` where there may be more.
    """
    old = "SELECT number FROM visit WHERE began < ? AND NOT kept ORDER BY began LIMIT ?"
    numbers = db.execute(old, (before_s, BATCH)).fetchall()
    for table in OF_A_VISIT:
        db.executemany(f"DELETE FROM {table} WHERE visit = ?", numbers)
    db.executemany("DELETE FROM visit WHERE number = ?", numbers)
    db.execute("DELETE FROM early WHERE time < ?", (before_s,))
    return len(numbers)
