"""Prints a state file as SQL; CONTRIBUTING.md, Schemas, has the command.

The hub's presses 1 to 4 and 6 are in the inbox of `one`: finished, to be tried again, dead, in
hand, and finished beyond a gap.

It fits the code of its own commit only, whose names and modules it uses. For a file of an earlier
schema check out a commit of that time, and run the script that lies there.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hub.store.inbox.inbox import Inbox
from hub.store.inbox.timers import set_timer
from hub.store.journal.journal import Journal
from hub.store.state import State
from hub.wire.event import Event, encode


def _write(folder: Path) -> None:
    with (
        closing(State(folder / "hub-home.db")) as hub,
        closing(State(folder / "one.db")) as own,
    ):
        presses = _pressed(hub)
        _received(own, presses)


def _pressed(hub: State) -> list[Event]:
    journal = Journal(hub, "doorbell/hub/home")
    now = datetime.now(UTC)
    with hub.write() as db:
        return [journal.append(db, "doorbell.pressed", "front", {}, time=now)[0] for _ in range(6)]


def _received(own: State, presses: list[Event]) -> None:
    inbox, journal = Inbox(own), Journal(own, "doorbell/handler/one")
    deliveries = {press.sequence: inbox.claim(press) for press in presses if press.sequence != 5}
    with own.write() as db:
        inbox.finish(db, deliveries[1])
        inbox.finish(db, deliveries[6])
        inbox.retry(db, deliveries[2], 60)
        inbox.dead_letter(db, deliveries[3], "no such camera")
        for press in presses[:3]:
            data = {"n": press.sequence}
            journal.append(db, "handler.done", "front", data, time=datetime.now(UTC), cause=press)
        db.execute("INSERT INTO memory VALUES ('visits', '41')")
    with own.write() as db:
        journal.mark_published(db, {1: 5.0, 2: 5.0})
        due = replace(presses[0], type="one.due")
        set_timer(db, own.clock, due, 60, encode(due))


with tempfile.TemporaryDirectory() as scratch:
    _write(Path(scratch))
    with closing(sqlite3.connect(Path(scratch) / "one.db")) as written:
        sys.stdout.write("\n".join(written.iterdump()))
        sys.stdout.write(
            f"\nPRAGMA user_version = {written.execute('PRAGMA user_version').fetchone()[0]};\n"
        )
