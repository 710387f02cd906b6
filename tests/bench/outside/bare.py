"""A bare bell and a bare reaction: the least that can keep the promise, in two processes.

Each commits once before it acts, without a sync, as ours do: the bell an event before it publishes
it, the reaction an event's id before it asks the lamp. They check nothing, log nothing, retry
nothing and publish no outcome; their settings are a model of pydantic's, as an author writes it.
What they need more than the echo is the price of the promise.
"""

import json
import sqlite3
import sys
import threading
from pathlib import Path
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessage
from pydantic import BaseModel

from tests.bench.outside.client import connected
from tests.bench.outside.sightings import FIRST_LINE, LAMP_TOPIC, Observer

PAGE_BYTES = 1024  # as in our state files
NAME = "the bare reaction"
TOPIC = "doorbell/hub/bare/event/doorbell/pressed/front"
ON = json.dumps({"state": "ON"})
JOURNAL = "CREATE TABLE book (id TEXT PRIMARY KEY, payload BLOB)"


class Settings(BaseModel):
    """What both are told."""

    port: int
    folder: Path


def ring(settings: Settings) -> None:
    """Publish an event for each line of the standard input."""
    book = _open(settings.folder / "bell.db")
    client = connected(
        "bare-bell", settings.port, ["bare"], lambda *_: None
    )  # which nobody publishes
    print("ready", flush=True)
    for _ in sys.stdin.buffer:
        id = uuid4().hex  # noqa: A001 - the attribute's name in CloudEvents
        payload = json.dumps({"id": id, "type": "doorbell.pressed", "data": "x" * 400}).encode()
        book.execute("INSERT INTO book VALUES (?, ?)", (id, payload))
        client.publish(TOPIC, payload, qos=1)


def react(settings: Settings) -> None:
    """Ask the lamp at each event that was not there before."""
    book = _open(settings.folder / "reaction.db")
    observer = Observer(settings.folder / "sightings")

    def hear(client: Client, message: MQTTMessage) -> None:
        id = json.loads(message.payload)["id"]  # noqa: A001
        take = "INSERT OR IGNORE INTO book VALUES (?, ?)"
        if book.execute(take, (id, message.payload)).rowcount:
            observer.see(FIRST_LINE + NAME)
            client.publish(f"{LAMP_TOPIC}/set", ON, qos=1)

    connected("bare-reaction", settings.port, [TOPIC], hear)
    print("ready", flush=True)
    threading.Event().wait()


def _open(path: Path) -> sqlite3.Connection:
    """A database in which each statement is a transaction of its own."""
    book = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for setting in (f"page_size = {PAGE_BYTES}", "journal_mode = WAL", "synchronous = OFF"):
        book.execute(f"PRAGMA {setting}")
    book.execute(JOURNAL)
    return book


if __name__ == "__main__":
    what, given = sys.argv[1:]
    {"ring": ring, "react": react}[what](Settings.model_validate_json(given))
