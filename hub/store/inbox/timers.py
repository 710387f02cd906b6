"""The timers of a handler: events that it delivers to itself later. They wait in its inbox."""

import sqlite3
from dataclasses import replace

from hub.store import inbox_rows
from hub.system.clock import Clock
from hub.wire import streams
from hub.wire.event import Event, decode

SOURCE = "later"  # stands for a source in the stream of a timer; no producer has such a source
PATTERN = f"{SOURCE} *"


def is_timer(stream: str) -> bool:
    """Whether a row of the inbox with this stream is a timer."""
    return streams.source_of(stream) == SOURCE


def set_timer(
    db: sqlite3.Connection, clock: Clock, event: Event, wait_s: float, payload: bytes
) -> None:
    """In the open transaction: deliver this event to this process in so many seconds.

    It replaces the last timer of its type and subject, but for one that is in hand, dead, or wanted
    by a person: the number tells them apart. The payload is the event as it was when it was set;
    its data may have changed since.
    """
    stream = streams.of(SOURCE, event.type, event.subject)
    replaced = "DELETE FROM inbox WHERE stream = ? AND state IN ('waiting', 'crashed')"
    db.execute(replaced, (stream,))
    highest = "SELECT COALESCE(MAX(sequence), 0) FROM inbox WHERE stream = ?"
    (last,) = db.execute(highest, (stream,)).fetchone()
    due = inbox_rows.due_in(clock, wait_s)
    if last:
        numbered = replace(decode(payload), sequence=last + 1)
        inbox_rows.insert(db, stream, numbered, "waiting", due=due)
    else:
        inbox_rows.insert(db, stream, event, "waiting", due=due, payload=payload)
