"""The producer: publishes events by way of the journal."""

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from config import JournalSettings
from hub.mqtt.bus import Bus
from hub.producer.catchup_replies import CatchUpReplies
from hub.producer.relay import OnSent, Relay
from hub.store.journal.backlog import Backlog
from hub.store.journal.journal import Entry, Journal
from hub.store.journal.retention import Retention
from hub.store.state import State, StateError
from hub.wire.event import Event, encode

log = logging.getLogger(__name__)


class Producer:
    """Publishes what stands in the journal, in order, until the broker has it.

    A live event and one left over from a crash take the same way: both are rows not yet published.
    """

    def __init__(
        self, state: State, bus: Bus, source: str, limits: JournalSettings | None = None
    ) -> None:
        self._state, self._bus = state, bus
        self._retention = Retention(state, limits or JournalSettings())
        self._journal = Journal(state, source)
        self._relay = Relay(state, bus, self._journal)
        self._replies = CatchUpReplies(state, bus, Backlog(state, source), self._retention)
        self.release(self._journal.end())

    def publish(
        self,
        kind: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        time: datetime,
        id: str | None = None,  # noqa: A002 - the attribute's name in CloudEvents
        cause: Event | None = None,
        planned: bool = False,
        seen_once: bool = False,
    ) -> Event:
        """Journal an event, and publish it: once it is synced, or at once if it was seen once.

        What can be made a second time, by its sender or by a calendar, would be after a power cut,
        under another number. What was seen once cannot: a boot begins a new numbering.

        Args:
            kind: Its type.
            subject: What it is about.
            data: What else there is to know.
            time: When it happened.
            id: Its id; a new one if not given.
            cause: What it follows from.
            planned: A calendar says that time; nobody saw it, and it may lie before this boot.
            seen_once: Nobody can report it a second time.

        Raises:
            BadEvent: it cannot be published.
        """
        event, entry = self._state.do(
            lambda db: self._journal.append(
                db, kind, subject, data, time=time, id=id, cause=cause, planned=planned
            ),
            can_wait=True,
        )
        overtakes_none = self._relay.released == entry.position - 1
        self._relay.keep_at_hand([entry])
        release = self._relay.release if seen_once and overtakes_none else self.release
        try:
            release(entry.position)
        finally:
            self._state.sync_soon()  # not before: two threads that run at once make the press late
        return event

    def release(self, position: int, entries: Iterable[Entry] = ()) -> None:
        """Have what was committed up to this position published once it is synced.

        These entries, of what was committed, need not be read again.
        """
        self._relay.keep_at_hand(entries)
        self._state.after_sync(partial(self._relay.release, position))

    def on_sent(self, call: OnSent) -> None:
        """Have this called with the entry of each event that was handed to the broker.

        Again when it is published again. It must be short, and may publish.
        """
        self._relay.on_sent = call

    def consumers(self) -> set[str]:
        """The names of the consumers whose queries came lately."""
        return self._retention.consumers()

    def append(
        self,
        db: sqlite3.Connection,
        kind: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        time: datetime,
        cause: Event,
    ) -> Entry:
        """Journal an event in the open transaction; after it call `release`.

        Returns:
            Its entry in the journal.

        Raises:
            BadEvent: it cannot be published; the transaction must be undone.
        """
        return self._journal.append(db, kind, subject, data, time=time, cause=cause)[1]

    def publish_again(self, event: Event) -> None:
        """Publish an event once more, for a program that waits for it; inboxes drop the repeat."""
        self._bus.publish(self._bus.topics.of_event(event), encode(event))

    def knows(self, event_id: str) -> bool:
        """Whether there is an event of this id in the journal."""
        return self._journal.knows(event_id)

    def find(self, event_id: str) -> Event | None:
        """The event of this id; None when there never was one, or it is no longer kept."""
        return self._journal.find(event_id)

    def last(self, kinds: Iterable[str], subject: str) -> Event | None:
        """The last event of these types that happened to one thing; None where none is kept."""
        return self._journal.last(kinds, subject)

    def ages_from(self, first: Event, kinds: Iterable[str]) -> list[float]:
        """See `Journal.ages_from`."""
        return self._journal.ages_from(first, kinds)

    def recent(self, kind: str, subject: str, within_s: float) -> list[Event]:
        """See `Journal.recent`."""
        return self._journal.recent(kind, subject, within_s)

    def was_published_soon(self, event_id: str, within_s: float) -> bool:
        """See `Journal.was_published_soon`."""
        return self._journal.was_published_soon(event_id, within_s)

    def after_sync(self, call: Callable[[], object]) -> None:
        """Call it when all that was journaled up to now is synced."""
        self._state.after_sync(call)

    def count(self, kinds: Iterable[str], since: datetime, until: datetime) -> dict[str, int]:
        """How many events of these types happened in that time, by their subject."""
        return self._journal.count(kinds, since, until)

    def has_published_all(self) -> bool:
        """Whether the broker has acknowledged everything that may be published."""
        return self._relay.has_published_all()

    def publish_waiting(self) -> None:
        """Hand to the bus what is waiting in the journal, as far as the window allows."""
        self._relay.publish_waiting()

    def settle(self) -> None:
        """Write down what the broker has acknowledged; called about once a second."""
        self._relay.go_on()
        self._relay.note_acknowledged()
        try:
            self._state.write_back()
            if not self._state.disk_fault:
                self._retention.sweep()
        except StateError as error:
            log.warning("the journal cannot be tidied now: %s", error)

    def mark(self, db: sqlite3.Connection) -> Collection[int]:
        """In the open transaction: mark what the broker has acknowledged until now.

        Returns:
            These positions; once they are committed call `marked`.
        """
        return self._relay.mark(db)

    def marked(self, positions: Iterable[int]) -> None:
        """The transaction that marks them is committed."""
        self._relay.marked(positions)
