"""Counts the events of the house, as the page takes them in: each once, live or missed."""

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hub.wire.event import Event
from hub.wire.topics import DRILLED, PRESSES

OUTCOME = "handler."
NAME_LENGTH = 64
MOST_COUNTED = 1000  # doors; handlers with outcomes: without an ACL anybody may invent some
# Seconds: a lamp should be on in the first of them, a phone should have buzzed in the second half.
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass
class Latencies:
    """How long one handler took from a press to its outcome.

    Attributes:
        counts: One a bucket, and one for what took longer than all of them.
        sum_s: All of them added up.
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.sum_s += seconds


class Tally:
    """What is counted since this process began. Events come in one thread, and are read in another.

    Attributes:
        presses: By door.
        outcomes: By handler and outcome: `done`, `retried`, `skipped`, `dead`.
        latencies: By handler.
        events: All of them.
        lag_s: How long after it happened the last event reached the page; after an outage of the
            broker, or of the page, that is long. None before the first one.
        lock: Held while it changes.
    """

    def __init__(self) -> None:
        self.presses: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.latencies: dict[str, Latencies] = {}
        self.events = 0
        self.lag_s: float | None = None
        self.lock = threading.Lock()

    def note(self, event: Event) -> None:
        """Count an event."""
        with self.lock:
            self.events += 1
            self.lag_s = max(0.0, (datetime.now(UTC) - event.time).total_seconds())
            if event.type in PRESSES:
                self._note_press(event)
            elif event.type.startswith(OUTCOME):
                self._note_outcome(event)

    def _note_press(self, event: Event) -> None:
        if _has_room(self.presses, event.subject):
            self.presses[event.subject] += 1

    def _note_outcome(self, event: Event) -> None:
        data = event.data
        handler, caused_by = str(data.get("handler", ""))[:NAME_LENGTH], data.get("type")
        counted = handler, event.type.removeprefix(OUTCOME)
        if caused_by == DRILLED or not _has_room(self.outcomes, counted):
            return
        self.outcomes[counted] += 1
        started_ms, took_ms = data.get("started_after_ms"), data.get("took_ms")
        if caused_by not in PRESSES or not event.type.endswith(".done"):
            return
        if isinstance(started_ms, int | float) and isinstance(took_ms, int | float):
            latencies = self.latencies.setdefault(handler, Latencies())
            latencies.add(max(0.0, started_ms + took_ms) / 1000)


def _has_room(counts: Counter[Any], key: object) -> bool:
    """Whether this is counted already, or there is room for one more."""
    return key in counts or len(counts) < MOST_COUNTED
