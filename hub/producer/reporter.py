"""Journals and publishes what the hub saw; keeps it in memory while the disk takes nothing."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hub.producer.producer import Producer
from hub.store.state import StateError
from hub.wire.event import Event

log = logging.getLogger(__name__)
UNWRITTEN = 1000  # reports kept in memory while the disk takes nothing


class Report(NamedTuple):
    """What was seen.

    Attributes:
        kind: The event's type.
        subject: What it is about: for most the door.
        data: What else there is to know.
        at: When it was seen, in UTC.
        id: The event's id, where somebody else has chosen it.
        cause: What it follows from.
        seen_once: Whether nobody can report it a second time; without an id it is so.
    """

    kind: str
    subject: str
    data: Mapping[str, Any]
    at: datetime
    id: str | None = None
    cause: Event | None = None
    seen_once: bool = False


OnReport = Callable[[Report, Event | None, float], None]


class Reporter:
    """The one way by which the hub says that something happened at a door.

    Attributes:
        on_report: Called with each report, its event (None when it cannot be journaled yet), and
            how many seconds ago it was seen. May be called again when it is journaled.
    """

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._unwritten: deque[Report] = deque(maxlen=UNWRITTEN)
        self.on_report: list[OnReport] = []

    def report(self, report: Report) -> Event | None:
        """Say it; None when it cannot be written down yet, and is when the disk takes it."""
        event = self._write(report)
        late_s = (datetime.now(UTC) - report.at).total_seconds()
        for call in self.on_report:
            try:
                call(report, event, late_s)
            except Exception:
                log.exception("what follows a press in the hub failed")
        return event

    def _write(self, report: Report) -> Event | None:
        what = report.kind.partition(".")[2].replace("_", " ")
        try:
            event = self._producer.publish(
                report.kind,
                report.subject,
                report.data,
                time=report.at,
                id=report.id,
                cause=report.cause,
                seen_once=report.seen_once or report.id is None,
            )
        except StateError as error:
            log.error(  # noqa: TRY400 - it says it all
                "%s %s, and it cannot be written down yet: %s", report.subject, what, error
            )
            self._unwritten.append(report)
            return None
        log.info("%s %s (%s)", report.subject, what, event.id, extra={"event": event.id})
        return event

    def knows(self, command_id: str) -> bool:
        """Whether an event with this id was journaled, or waits for the disk."""
        return self.waits_with(command_id) or self._producer.journal.knows(command_id)

    def waits_with(self, command_id: str) -> bool:
        """Whether an event with this id waits for the disk."""
        return any(report.id == command_id for report in list(self._unwritten))

    def settle(self) -> None:
        """Write down what could not be written before."""
        for _ in range(len(self._unwritten)):
            self.report(self._unwritten.popleft())
