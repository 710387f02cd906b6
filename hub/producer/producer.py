"""The producer: publishes events by way of the journal."""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import Any

from config import JournalSettings
from hub.mqtt.bus import Bus
from hub.mqtt.guard import guarded
from hub.producer.catchup_replies import CatchUpReplies
from hub.producer.oversize import Oversize
from hub.store.journal.backlog import Backlog
from hub.store.journal.journal import Entry, Journal
from hub.store.journal.retention import Retention
from hub.store.state import State, StateError
from hub.wire import streams
from hub.wire.event import Event, encode

log = logging.getLogger(__name__)
WINDOW = 20  # unacknowledged events of a backlog; fewer than any broker's default queue
OnSent = Callable[[Entry], None]
LIVE_WINDOW = 100  # a live event need not wait for a broker that has forgotten to acknowledge


class Producer:
    """Publishes what stands in the journal, in order, until the broker has it.

    A live event and one left over from a crash take the same way: both are rows not yet published.

    Attributes:
        on_sent: Called with the entry of each event that was handed to the broker, again when it is
            published again. It must be short, and may publish.
    """

    def __init__(
        self, state: State, bus: Bus, source: str, limits: JournalSettings | None = None
    ) -> None:
        self._state, self._bus = state, bus
        self._retention = Retention(state, limits or JournalSettings())
        self._journal = Journal(state, source)
        self._releasing = threading.Lock()
        self._released = 0  # the last position that may be published
        self._pumping = threading.Lock()
        self._wanted = 0  # the window with which somebody wants to publish
        self._reconnected = False
        self._refused = False  # since the broker was last offered what it has not taken
        self._in_flight: dict[int, int] = {}  # the bus's number → position in the journal
        # The last position that was handed to the bus in this connection.
        self._sent_to = self._journal.published_to()
        self._answered: deque[tuple[int, bool, float]] = deque()  # number, whether taken, when
        self._acknowledged: dict[int, float] = {}  # positions to be marked in the journal, and when
        self._oversize = Oversize(bus)
        self.on_sent: OnSent = lambda _: None
        bus.on_connect.append(self._begin_again)
        bus.on_retry.append(self._offer_again)
        bus.on_published = self._published
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
        overtakes_none = self._released == entry.position - 1
        publish = self._release if seen_once and overtakes_none else self.release
        try:
            publish(entry.position, entry)
        finally:
            self._state.sync_soon()  # not before: two threads that run at once make the press late
        return event

    def release(self, position: int, last: Entry | None = None) -> None:
        """Have what was committed up to this position published once it is synced.

        The entry at this position need not be read again where it is given.
        """
        self._state.after_sync(partial(self._release, position, last))

    def _release(self, end: int, last: Entry | None = None) -> None:
        """Publish what waits up to this position, of which the last entry may be at hand."""
        with self._releasing:
            self._released = max(self._released, end)
        try:
            self.publish_waiting(LIVE_WINDOW, last)
        except StateError:  # it is written down; that it was acknowledged may be noted later
            log.exception("publishing is held up")

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

    def times(self, kinds: Iterable[str], subject: str, since: datetime) -> list[datetime]:
        """When events of these types happened to one thing, from that time on."""
        return self._journal.times(kinds, subject, since)

    def since(self, kind: str, subject: str, since: datetime) -> list[Event]:
        """The events of a type that happened to one thing, from that time on."""
        return self._journal.since(kind, subject, since)

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
        return not self._in_flight and self._sent_to >= self._released

    def publish_waiting(self, window: int = WINDOW, last: Entry | None = None) -> None:
        """Hand to the bus what is waiting in the journal, as far as the window allows.

        The last entry need not be read again where it is the only one.

        It never waits for another thread that is at it: paho calls back with its own lock held, and
        waiting there for ours would be a deadlock. The other thread looks again instead.
        """
        self._wanted = max(self._wanted, window)
        while self._wanted and self._pumping.acquire(blocking=False):
            try:
                window, self._wanted = self._wanted, 0
                self._pump(window, last)
            finally:
                self._pumping.release()

    def settle(self) -> None:
        """Write down what the broker has acknowledged; called about once a second."""
        try:
            if self._acknowledged:
                self.marked(self._state.do(self.mark))
            self._state.write_back()
            if not self._state.disk_fault:
                self._retention.sweep()
        except StateError as error:
            log.warning("acknowledgements cannot be noted now: %s", error)

    def mark(self, db: sqlite3.Connection) -> Collection[int]:
        """In the open transaction: mark what the broker has acknowledged until now.

        Returns:
            These positions; once they are committed call `marked`.
        """
        acknowledged = dict(self._acknowledged)  # other threads add to it
        if acknowledged:
            self._journal.mark_published(db, acknowledged)
        return acknowledged

    def marked(self, positions: Iterable[int]) -> None:
        """The transaction that marks them is committed."""
        for position in positions:
            self._acknowledged.pop(position, None)

    def _pump(self, window: int, last: Entry | None) -> None:
        if self._reconnected:
            self._reconnected = False
            self._oversize.lost(self._in_flight.values())
            self._in_flight.clear()
            self._answered.clear()
            self._sent_to = self._journal.published_to()
            self.settle()
        self._take_answers()
        if self._refused:
            self._refused = False
            self._sent_to = self._journal.published_to()
            self.settle()
        limit = min(window, self._bus.receive_maximum)
        room = max(0, limit - len(self._in_flight))
        if window == WINDOW and room < limit // 2:  # with more acknowledgements more goes at once
            return
        entries = self._next(room, last)
        under_way = set(self._in_flight.values())
        with self._bus.together() if len(entries) > 1 else nullcontext():
            for entry in entries:
                if entry.position not in under_way and not self._send(entry):
                    return
                self._sent_to = entry.position

    def _send(self, entry: Entry) -> bool:
        """Hand it to the bus, or leave it to the catch-up; False without a connection."""
        if self._oversize.has(entry):
            self._acknowledged[entry.position] = self._state.clock.uptime_s()
            return True
        topic = self._bus.topics.event(*streams.parts(entry.stream))
        if (number := self._bus.publish(topic, entry.payload)) is None:
            return False
        self._in_flight[number] = entry.position
        guarded(self.on_sent, entry)
        return True

    def _take_answers(self) -> None:
        """Note what the broker has answered; it is written down many at a time."""
        while self._answered:
            number, taken, uptime_s = self._answered.popleft()
            position = self._in_flight.pop(number, None)
            if taken and position is not None:
                self._acknowledged[position] = uptime_s
        if len(self._acknowledged) >= LIVE_WINDOW:
            self.settle()

    def _next(self, room: int, last: Entry | None) -> list[Entry]:
        """The entries to be sent now."""
        if not room or self._sent_to >= self._released:
            return []
        if last and last.position == self._sent_to + 1 == self._released:
            return [last]
        return self._journal.unpublished(self._sent_to, room, to=self._released)

    def _begin_again(self) -> None:
        """What was under way in the last connection may be lost."""
        self._reconnected = True
        self.publish_waiting()

    def _offer_again(self) -> None:
        """What the broker refused, it may take now."""
        self._refused = True
        self.publish_waiting()

    def _published(self, number: int, taken: bool) -> None:  # noqa: FBT001 - the bus's callback
        self._answered.append((number, taken, self._state.clock.uptime_s()))
        self.publish_waiting()
