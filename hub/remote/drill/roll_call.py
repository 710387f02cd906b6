"""The roll call of a drill: which handlers should react, which did, and why the others did not."""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from config import Settings
from hub.mqtt.bus import Bus
from hub.mqtt.house_messages import ReceivedStatus
from hub.plugin import loader
from hub.remote.statuses import QUIET_S
from hub.wire import topics
from hub.wire.event import Event
from hub.wire.retained.status import Status

CONCLUSIVE = ("handler.done", "handler.skipped", "handler.dead")
DONE = "done"
REACHED = "reached"
NOT_TRIED = f"it does not react to {topics.PRESSED}"
KEPT_DRILLS = 5  # besides the one to keep: the page listens as long as it runs


@dataclass(frozen=True, slots=True)
class DrillResult:
    """What a drill found at one handler.

    Attributes:
        handler: Its name.
        outcome: `done`, `reached` (but it does not react to a press, and has no dry run),
            `skipped`, `dead` or `missing`.
        reached_ms: Milliseconds from the drill to the handler's process; None without a reaction.
        took_ms: Milliseconds that the dry run took; None without a reaction.
        words: The handler's note, or why it does not work.
        status: The handler's last status, like `offline: it vanished`.
    """

    handler: str
    outcome: str
    reached_ms: float | None
    took_ms: float | None
    words: str
    status: str

    @property
    def works(self) -> bool:
        """Whether the drill found no fault with this handler."""
        return self.outcome in (DONE, REACHED)


class RollCall:
    """Listens to statuses and to the outcomes of drills from `open` to `close`."""

    def __init__(
        self,
        bus: Bus,
        settings: Settings,
        known: Iterable[str] = (),
        on_outcome: Callable[[], object] = lambda: None,
    ) -> None:
        """Prepare.

        Args:
            bus: To listen on.
            settings: Of this house; they name the handlers that are switched off.
            known: Names of handlers that should be there even if the broker keeps no status.
            on_outcome: Called in the network thread when a handler has reacted to a drill.
        """
        self._bus = bus
        self._settings = settings
        self._files = loader.find(settings)
        self._known = set(known) & self._files.keys()
        self._statuses: dict[str, Status] = {}
        self._on_outcome = on_outcome
        self._outcomes: dict[str, dict[str, Event]] = {}  # by the drill's id, then by handler
        self._kept = ""
        self._heard_at = time.monotonic()
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []

    def open(self) -> None:
        """Begin to listen; the broker sends the statuses that it keeps."""
        self._heard_at = time.monotonic()
        bus = self._bus
        self._ends = [
            bus.on_status(topics.source("handler", "+"), self._status),
            *(bus.on_event(kind, self._outcome) for kind in CONCLUSIVE),
        ]

    def connected(self) -> None:
        """The connection has just been made: what the broker keeps comes from now on."""
        self._heard_at = time.monotonic()

    def close(self) -> None:
        """Stop listening."""
        for end in self._ends:
            end()
        self._ends = []

    @property
    def is_quiet(self) -> bool:
        """Whether all kept statuses have come."""
        return self._bus.connected.is_set() and time.monotonic() - self._heard_at > QUIET_S

    def status(self, name: str) -> Status | None:
        """The last status of a handler; None if there is none."""
        with self._lock:
            return self._statuses.get(name)

    def expected(self) -> list[str]:
        """The handlers that should react: known, not switched off, and their file is there."""
        with self._lock:
            names = self._known | self._statuses.keys()
            return sorted(name for name in names if self._should_react(name))

    def _should_react(self, name: str) -> bool:
        if self._settings.handlers.get(name, {}).get("enabled") is False:
            return False
        status = self._statuses.get(name)
        if status is None or status.state != "offline":
            return True
        if status.reason == "stopped":
            return name in self._files
        return status.reason != "disabled"

    def is_complete(self, drill: str, names: Collection[str]) -> bool:
        """Whether all of these handlers have reacted to the drill of that id."""
        with self._lock:
            reacted = self._outcomes.get(drill, {})
            return all(name in reacted or self._has_failed(name) for name in names)

    def _has_failed(self, name: str) -> bool:
        """Whether it published that it does not run: nothing will come from it."""
        status = self._statuses.get(name)
        return status is not None and status.state == "failed"

    def keep(self, drill: str) -> None:
        """Keep what this drill finds, however many drills follow it; called again, of another."""
        self._kept = drill

    def results(self, drill: str) -> list[DrillResult]:
        """What the drill of that id found at each handler that should react, or did."""
        with self._lock:
            reacted = dict(self._outcomes.get(drill, {}))
        names = sorted(reacted.keys() | set(self.expected()))
        return [self._result(name, reacted.get(name)) for name in names]

    def _result(self, name: str, outcome: Event | None) -> DrillResult:
        status = self._status_text(name)
        if outcome is None:
            text = f"it did not answer ({status})"
            return DrillResult(name, "missing", None, None, text, status)
        data = outcome.data
        kind = outcome.type.rpartition(".")[2]
        words = str(data.get("note") or data.get("reason") or "")
        if kind == DONE and not self._is_tried(name):
            kind, words = REACHED, NOT_TRIED
        return DrillResult(
            name,
            kind,
            _number(data.get("received_after_ms", data.get("started_after_ms"))),
            _number(data.get("took_ms")),
            words,
            status,
        )

    def _is_tried(self, name: str) -> bool:
        """Whether a drill tries what it does, as far as its status says."""
        status = self.status(name)
        return status is None or any(map(status.may_react_to, (topics.PRESSED, topics.DRILLED)))

    def _status_text(self, name: str) -> str:
        status = self.status(name)
        return status.line if status else "no status"

    def _status(self, received: ReceivedStatus) -> None:
        self._heard_at = time.monotonic()
        name = topics.name_of(received.source)
        with self._lock:
            if received.status:
                self._statuses[name] = received.status
            else:
                self._statuses.pop(name, None)  # it was cleared: that handler is gone for good

    def _outcome(self, event: Event) -> None:
        if event.data.get("type") != topics.DRILLED or not event.cause:
            return
        with self._lock:
            reacted = self._outcomes.setdefault(event.cause, {})
            reacted[topics.name_of(event.source)] = event
            others = [drill for drill in self._outcomes if drill != self._kept]
            for drill in others[:-KEPT_DRILLS]:
                del self._outcomes[drill]
        self._on_outcome()


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
