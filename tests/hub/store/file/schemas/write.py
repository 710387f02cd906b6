"""Prints a state file as SQL: `python write.py > NUMBER.sql`. PYTHONPATH says whose code writes it.

The hub's presses 1 to 4 and 6 are in the inbox of `one`: finished, to be tried again, dead, in
hand, and finished beyond a gap.
"""

import inspect
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.store.inbox.inbox import Inbox
from hub.store.inbox.timers import Timers
from hub.store.journal.journal import Journal
from hub.store.state import State


def _open(path: Path) -> State:
    return State(path, time.time()) if "now" in inspect.signature(State).parameters else State(path)


def _takes(function: Callable[..., Any], parameter: str) -> bool:
    return parameter in inspect.signature(function).parameters


def _event(appended: Any) -> Any:
    return appended[0] if isinstance(appended, tuple) else appended


def _write(folder: Path) -> None:
    hub, own = _open(folder / "hub-home.db"), _open(folder / "one.db")
    hub_journal, own_journal, inbox = (
        Journal(hub, "doorbell/hub/home"),
        Journal(own, "doorbell/handler/one"),
        Inbox(own),
    )
    durable = {"durable": True} if _takes(hub.write, "durable") else {}
    with hub.write(**durable) as db:
        presses = [
            _event(hub_journal.append(db, "doorbell.pressed", "front", {}, time=datetime.now(UTC)))
            for _ in range(6)
        ]
    deliveries = {
        press.sequence: inbox.claim(press, **durable) for press in presses if press.sequence != 5
    }
    with own.write(**durable) as db:
        inbox.finish(db, deliveries[1])
        inbox.finish(db, deliveries[6])
        later_s = time.time() + 60 if _takes(inbox.retry, "due") else 60
        inbox.retry(db, deliveries[2], later_s)
        inbox.dead_letter(db, deliveries[3], "no such camera")
        for press in presses[:3]:
            own_journal.append(
                db,
                "handler.done",
                "front",
                {"n": press.sequence},
                time=datetime.now(UTC),
                cause=press,
            )
        db.execute("INSERT INTO memory VALUES ('visits', '41')")
    if _takes(own_journal.mark_published, "db"):
        with own.write() as db:
            own_journal.mark_published(db, {1: 5.0, 2: 5.0})
    else:
        positions = _takes(own_journal.mark_published, "positions")
        own_journal.mark_published([1, 2] if positions else {1: 5.0, 2: 5.0})
    timer = replace(presses[0], type="one.due")
    if hasattr(inbox, "set_timer"):
        inbox.set_timer(timer, later_s)
    else:
        with own.write() as db:
            Timers(own.clock).set(db, timer, later_s)
    hub.close()
    own.close()


with tempfile.TemporaryDirectory() as scratch:
    _write(Path(scratch))
    with closing(sqlite3.connect(Path(scratch) / "one.db")) as written:
        sys.stdout.write("\n".join(written.iterdump()))
        sys.stdout.write(
            f"\nPRAGMA user_version = {written.execute('PRAGMA user_version').fetchone()[0]};\n"
        )
