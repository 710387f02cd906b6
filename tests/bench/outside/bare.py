"""A bare bell and bare reactions: the least that can keep the promise, each a process.

Each commits once before it acts, without a sync, as ours do: the bell an event before it publishes
it, a reaction an event's id before it acts. They check nothing, log nothing, retry nothing and
publish no outcome; their settings are a model of pydantic's, as an author writes it. What they need
more than the echo is the price of the promise.
"""

import http.client
import json
import sqlite3
import sys
import threading
from pathlib import Path
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessage
from pydantic import BaseModel

from tests.bench.outside.client import connected
from tests.bench.outside.sightings import FIRST_LINE, LAMP, LAMP_TOPIC, PHONE, Observer

PAGE_BYTES = 1024  # as in our state files
TOPIC = "doorbell/hub/bare/event/doorbell/pressed/front"
ON = json.dumps({"state": "ON"})
NOTICE = json.dumps({"topic": "door", "title": "Doorbell", "attachments": [], "message": "x" * 200})
JOURNAL = "CREATE TABLE book (id TEXT PRIMARY KEY, payload BLOB)"


class Settings(BaseModel):
    """What each of them is told.

    Attributes:
        broker: Its port on this machine.
        phone: The port of the phone's service.
        folder: For its database, and where what is seen is noted.
        name: Its own.
        effect: What it does at a press: `lamp asked`, `phone called`, or nothing.
    """

    broker: int
    phone: int
    folder: Path
    name: str
    effect: str = ""


def ring(settings: Settings) -> None:
    """Publish an event for each line of the standard input."""
    book = _open(settings)
    unused = ["bare"]
    client = connected(settings.name, settings.broker, unused, lambda *_: None)
    print("ready", flush=True)
    for _ in sys.stdin.buffer:
        id = uuid4().hex  # noqa: A001 - the attribute's name in CloudEvents
        payload = json.dumps({"id": id, "type": "doorbell.pressed", "data": "x" * 400}).encode()
        book.execute("INSERT INTO book VALUES (?, ?)", (id, payload))
        client.publish(TOPIC, payload, qos=1)


def react(settings: Settings) -> None:
    """Act at each event that was not there before."""
    book = _open(settings)
    observer = Observer(settings.folder / "sightings")

    def hear(client: Client, message: MQTTMessage) -> None:
        id = json.loads(message.payload)["id"]  # noqa: A001
        take = "INSERT OR IGNORE INTO book VALUES (?, ?)"
        if book.execute(take, (id, message.payload)).rowcount:
            observer.see(FIRST_LINE + settings.name)
            if settings.effect == LAMP:
                client.publish(f"{LAMP_TOPIC}/set", ON, qos=1)
            elif settings.effect == PHONE:
                _call(settings.phone)

    connected(settings.name, settings.broker, [TOPIC], hear)
    print("ready", flush=True)
    threading.Event().wait()


def _call(port: int) -> None:
    phone = http.client.HTTPConnection("127.0.0.1", port)
    phone.request("POST", "/", NOTICE, {"Content-Type": "application/json"})
    phone.getresponse().read()
    phone.close()


def _open(settings: Settings) -> sqlite3.Connection:
    """A database in which each statement is a transaction of its own."""
    path = settings.folder / f"{settings.name}.db"
    book = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for setting in (f"page_size = {PAGE_BYTES}", "journal_mode = WAL", "synchronous = OFF"):
        book.execute(f"PRAGMA {setting}")
    book.execute(JOURNAL)
    return book


if __name__ == "__main__":
    what, given = sys.argv[1:]
    {"ring": ring, "react": react}[what](Settings.model_validate_json(given))
