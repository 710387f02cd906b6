"""The rows of the inbox's table."""

import sqlite3
from typing import NamedTuple

from hub.system.clock import Clock
from hub.wire.event import Event, encode

KEY = "stream = ? AND epoch = ? AND sequence = ?"


class Due(NamedTuple):
    """When a row waits no longer.

    Attributes:
        uptime_s: On the clock that never jumps.
        unix_s: On the wall clock, for the next boot.
        wait_s: How long it waits in all, from the moment when it was written.
    """

    uptime_s: float | None = None
    unix_s: float | None = None
    wait_s: float | None = None


NEVER = Due()


def due_in(clock: Clock, wait_s: float) -> Due:
    """So many seconds from now."""
    return Due(clock.uptime_s() + wait_s, clock.unix_s() + wait_s, wait_s)


def insert(
    db: sqlite3.Connection,
    stream: str,
    event: Event,
    state: str,
    *,
    attempts: int = 0,
    due: Due = NEVER,
    payload: bytes | None = None,
) -> bool:
    """Add an event to the inbox, in the open transaction; its payload is made if missing.

    Returns:
        False where the event has a row, which stays as it is.
    """
    added = db.execute(
        "INSERT OR IGNORE INTO inbox (stream, epoch, sequence, state, attempts, payload,"
        " due, due_unix, wait_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (stream, event.epoch, event.sequence, state, attempts, payload or encode(event), *due),
    )
    return added.rowcount > 0
