"""What survives a power cut, because it is on another machine: listener, recorder, and a sender."""

import json
import socketserver
import threading
import time
from typing import Any, cast

from hub.wire.event import uuid7
from tests.house import Ears
from tests.power.audit import Act, is_published_at_once
from tests.system.faults.ledger import FINAL

AGAIN_S = 1.0


class Recorder(socketserver.ThreadingTCPServer):
    """Counts the acts of the handlers: a line each, answered once it is counted.

    Attributes:
        acts: All of them, in order.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.acts: list[Act] = []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        line = self.rfile.readline().decode()
        if line.endswith("\n"):
            handler, press, redelivered = line.split()
            cast("Recorder", self.server).acts.append((handler, press, redelivered == "True"))
            self.wfile.write(b"\n")


class Listener:
    """Hears all events, and repeats a command until its event is heard."""

    def __init__(self, port: int) -> None:
        self._ears = Ears(port)
        self._said_at = 0.0
        self.commanded: list[str] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        """Each event that was heard, as often as it was."""
        return self._ears.messages("doorbell/+/+/event/#")

    def heard_at(self) -> dict[str, float]:
        """When each press was first heard, as Unix time, by its id."""
        found: dict[str, float] = {}
        for topic, payload, at in list(self._ears.heard):
            if "/event/doorbell/pressed/" in topic:
                found.setdefault(json.loads(payload)["id"], at)
        return found

    def command(self) -> None:
        """Begin with another press by command."""
        self.commanded.append(uuid7())
        self._said_at = 0.0
        self.repeat()

    def repeat(self) -> bool:
        """Say the last command again if it is time; whether its event was heard."""
        if not self.commanded or self.commanded[-1] in self.heard_at():
            return True
        if time.monotonic() - self._said_at > AGAIN_S:
            self._said_at = time.monotonic()
            topic = "doorbell/cli/outside/command/press/home/front"
            self._ears.try_publish(topic, json.dumps({"id": self.commanded[-1]}))
        return False

    def is_ready(self, since: int, *names: str) -> bool:
        """Whether these processes have said that they are ready, after so many messages."""
        ready = {
            topic.split("/")[2]
            for topic, payload, _ in self._ears.heard[since:]
            if topic.endswith("/status") and json.loads(payload or b"{}").get("state") == "ready"
        }
        return ready >= set(names)

    @property
    def count(self) -> int:
        """How many messages were heard."""
        return len(self._ears.heard)

    def ends(self, handler: str) -> set[str]:
        """The presses that a handler has brought to an end, as far as that was heard."""
        return {
            event["causationid"]
            for event in self.events
            if event["type"] in FINAL and event["source"] == f"doorbell/handler/{handler}"
        }

    def rings(self) -> set[str]:
        """The ids of what the button itself has rung, and was heard."""
        return {event["id"] for event in self.events if is_published_at_once(event)}

    def close(self) -> None:
        """Listen no more."""
        self._ears.close()
