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

    Attributes:
        journal: What it has published, and will.
    """

    def __init__(
        self, state: State, bus: Bus, source: str, limits: JournalSettings | None = None
    ) -> None:
        self._state, self._bus = state, bus
        self._retention = Retention(state, limits or JournalSettings())
        self.journal = Journal(state, source)
        self._relay = Relay(state, bus, self.journal)
        self._replies = CatchUpReplies(state, bus, Backlog(state, source), self._retention)
        self.release(self.journal.end())

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

        What its sender or a calendar can repeat is synced first, or it would come again under
        another number. A press cannot be repeated, so it is published at once; the next boot begins
        a new numbering.

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
            lambda db: self.journal.append(
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
        return self.journal.append(db, kind, subject, data, time=time, cause=cause)[1]

    def publish_again(self, event: Event) -> None:
        """Publish an event once more, for a program that waits for it; inboxes drop the repeat."""
        self._bus.publish(self._bus.topics.of_event(event), encode(event))

    def after_sync(self, call: Callable[[], object]) -> None:
        """Call it when all that was journaled up to now is synced."""
        self._state.after_sync(call)

    def has_published_all(self) -> bool:
        """Whether the broker has acknowledged everything that may be published."""
        return self._relay.has_published_all()

    @property
    def is_held_up(self) -> bool:
        """Whether what is to be published cannot be read now."""
        return self._relay.is_held_up

    def publish_waiting(self) -> None:
        """Hand to the bus what is waiting in the journal, as far as the window allows."""
        self._relay.publish_waiting()

    def settle(self) -> None:
        """Write down what the broker has acknowledged, and go on with what is held up.

        Called about once a second by the hub, and by a handler before it waits.
        """
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
