"""The roll call of a drill: who should react, who did, and why the others did not."""

import json
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from config import Settings
from hub.mqtt.bus import Bus, Message
from hub.plugin import loader
from hub.wire import topics
from hub.wire.event import BadEvent, Event, decode

CONCLUSIVE = ("handler.done", "handler.skipped", "handler.dead")
QUIET_S = 0.5  # nobody has said for so long how they are: the broker has told us all that it keeps


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a drill in one handler.

    Attributes:
        outcome: `done`, `skipped`, `dead` or `missing`.
        reached_ms: From the drill to the handler's process, in milliseconds; None when it did not answer.
        took_ms: The dry run, in milliseconds.
        words: What it said, or why it did not work.
        status: Its last status, like `offline: it vanished`.
    """

    handler: str
    outcome: str
    reached_ms: float | None
    took_ms: float | None
    words: str
    status: str

    @property
    def works(self) -> bool:
        """Whether a visitor would be noticed there."""
        return self.outcome == "done"


class RollCall:
    """Listens to statuses and to the outcomes of drills from `open` to `close`."""

    def __init__(self, bus: Bus, settings: Settings, known: Iterable[str] = ()) -> None:
        """Prepare.

        Args:
            bus: To listen on.
            settings: Of this house: they say who is switched off.
            known: Names of handlers that should be there, even if no broker has kept their status.
        """
        self._bus, self._settings = bus, settings
        self._files = loader.find(settings)
        self._known = set(known) & self._files.keys()
        self._statuses: dict[str, Mapping[str, Any]] = {}
        self._outcomes: dict[tuple[str, str], Event] = {}
        self._heard_at = time.monotonic()
        self._lock = threading.Lock()
        self._filters = [topics.event_filter(kind) for kind in CONCLUSIVE]

    def open(self) -> None:
        """Begin to listen; the broker gives the statuses that it keeps."""
        self._heard_at = time.monotonic()
        self._bus.subscribe(topics.status("doorbell/handler/+"), self._status, qos=0)
        for topic_filter in self._filters:
            self._bus.subscribe(topic_filter, self._outcome)

    def close(self) -> None:
        """No longer listen."""
        self._bus.unsubscribe(topics.status("doorbell/handler/+"), self._status)
        for topic_filter in self._filters:
            self._bus.unsubscribe(topic_filter, self._outcome)

    @property
    def is_quiet(self) -> bool:
        """Whether all kept statuses have come."""
        return self._bus.connected.is_set() and time.monotonic() - self._heard_at > QUIET_S

    def status(self, name: str) -> Mapping[str, Any]:
        """How a handler said that it is: `state`, `reason`, `pid`; empty when nobody knows."""
        with self._lock:
            return self._statuses.get(name, {})

    def expected(self) -> list[str]:
        """Who should react: who is known, is not switched off, and has not gone together with its file."""
        with self._lock:
            return sorted(
                name for name in self._known | self._statuses.keys() if self._should_react(name)
            )

    def _should_react(self, name: str) -> bool:
        if self._settings.handlers.get(name, {}).get("enabled") is False:
            return False
        status = self._statuses.get(name, {})
        reason = str(status.get("reason", "")) if status.get("state") == "offline" else ""
        return not reason.startswith("switched off") and (
            reason != "stopped" or name in self._files
        )

    def is_complete(self, drill: str, names: Collection[str]) -> bool:
        """Whether all of these have answered the drill of that id."""
        with self._lock:
            return all((drill, name) in self._outcomes or self._has_failed(name) for name in names)

    def _has_failed(self, name: str) -> bool:
        """It has said itself that it does not run: nobody need wait for it."""
        return self._statuses.get(name, {}).get("state") == "failed"

    def answers(self, drill: str) -> list[Answer]:
        """What became of the drill of that id in everybody who should react, or did."""
        with self._lock:
            reacted = {name for cause, name in self._outcomes if cause == drill}
        return [self._answer(drill, name) for name in sorted(reacted | set(self.expected()))]

    def _answer(self, drill: str, name: str) -> Answer:
        status = self._words(name)
        with self._lock:
            outcome = self._outcomes.get((drill, name))
        if outcome is None:
            return Answer(name, "missing", None, None, f"it did not answer ({status})", status)
        data = outcome.data
        reached = data.get("received_after_ms", data.get("started_after_ms"))
        words = str(data.get("note") or data.get("reason") or "")
        return Answer(
            name,
            outcome.type.rpartition(".")[2],
            _number(reached),
            _number(data.get("took_ms")),
            words,
            status,
        )

    def _words(self, name: str) -> str:
        status = self.status(name)
        return (
            ": ".join(filter(None, (str(status.get("state", "")), str(status.get("reason", "")))))
            or "no status"
        )

    def _status(self, message: Message) -> None:
        message.ack()
        self._heard_at = time.monotonic()
        name = message.topic.split("/")[2]
        try:
            status = json.loads(message.payload)
        except (ValueError, RecursionError):
            status = None
        with self._lock:
            if isinstance(status, dict):
                self._statuses[name] = status
            elif not message.payload:
                self._statuses.pop(name, None)  # somebody cleared it: that handler is no more

    def _outcome(self, message: Message) -> None:
        message.ack()
        try:
            event = decode(message.payload)
        except BadEvent:
            return
        if (
            event.data.get("type") == topics.DRILLED
            and event.cause
            and event.topic == message.topic
        ):
            with self._lock:
                self._outcomes[event.cause, topics.name_of(event.source)] = event


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
