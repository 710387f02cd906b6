"""Journals and publishes what the hub saw; keeps it in memory while the disk takes nothing."""

import logging
import threading
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

    @property
    def stand_in(self) -> str:
        """What stands for the id of its event until that is journaled."""
        return self.at.isoformat()


OnReport = Callable[[Report, Event | None, float], None]
OnJournaled = Callable[[Report, Event], None]


class Reporter:
    """The one way by which the hub says that something happened at a door.

    Attributes:
        on_report: Called once with each report, its event (None when it cannot be journaled yet),
            and how many seconds ago it was seen.
        on_journaled: Called with a report that went to `on_report` without an event, and with its
            event, once that is journaled.
    """

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._lock = threading.Lock()  # held while `_unwritten` changes
        self._unwritten: deque[Report] = deque(maxlen=UNWRITTEN)
        self._refusal = ""  # the last one
        self.on_report: list[OnReport] = []
        self.on_journaled: list[OnJournaled] = []

    def report(self, report: Report) -> Event | None:
        """Say it; None when it cannot be written down yet, and is when the disk takes it."""
        try:
            event = self._write(report)
        except StateError as error:
            what = _what(report)
            log.error(  # noqa: TRY400 - it says it all
                "%s %s, and it cannot be written down yet: %s", report.subject, what, error
            )
            self._refusal = str(error)
            self._tell(report, None)
            self._keep(report)  # last: `on_journaled` must not come before `on_report`
            return None
        self._tell(report, event)
        return event

    def _tell(self, report: Report, event: Event | None) -> None:
        late_s = (datetime.now(UTC) - report.at).total_seconds()
        for call in self.on_report:
            _guarded(call, report, event, late_s)

    def _write(self, report: Report) -> Event:
        event = self._producer.publish(
            report.kind,
            report.subject,
            report.data,
            time=report.at,
            id=report.id,
            cause=report.cause,
            seen_once=report.seen_once or report.id is None,
        )
        log.info("%s %s (%s)", report.subject, _what(report), event.id, extra={"event": event.id})
        return event

    def _keep(self, report: Report) -> None:
        with self._lock:
            self._unwritten.append(report)

    @property
    def fault(self) -> str:
        """Why events wait to be written down; empty when none does."""
        return f"events wait for the disk: {self._refusal}" if self._unwritten else ""

    def knows(self, command_id: str) -> bool:
        """Whether an event with this id was journaled, or waits for the disk.

        Not where the journal cannot be read: then the report waits, and is written down once.
        """
        if self.waits_with(command_id):
            return True
        try:
            return self._producer.journal.knows(command_id)
        except StateError as error:
            log.warning("taken for new: %s", error)
            return False

    def waits_with(self, command_id: str) -> bool:
        """Whether an event with this id waits for the disk."""
        return any(report.id == command_id for report in list(self._unwritten))

    def settle(self) -> None:
        """Write down what could not be written before, the oldest first; of one thread only.

        What fails again stays where it is, and so does what came after it. A report waits until it
        is journaled, so that a repeated command always finds it in one of the two places.
        """
        while self._unwritten:
            report = self._unwritten[0]
            try:
                event = self._write(report)
            except StateError:  # its first failure is in the log
                return
            except Exception:  # its id is in the journal already: the others must not wait for it
                log.exception("%s %s cannot be written down", report.subject, _what(report))
                self._remove(report)
                continue
            self._remove(report)
            for call in self.on_journaled:
                _guarded(call, report, event)

    def _remove(self, report: Report) -> None:
        with self._lock:
            if self._unwritten[0] is report:  # else newer ones have pushed it out
                self._unwritten.popleft()


def _what(report: Report) -> str:
    return report.kind.partition(".")[2].replace("_", " ")


def _guarded(call: Callable[..., None], *values: object) -> None:
    try:
        call(*values)
    except Exception:
        log.exception("what follows a press in the hub failed")
