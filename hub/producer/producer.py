"""The producer: says events by way of the journal, and answers consumers who missed some."""

import json
import logging
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from config import JournalSettings as Limits
from hub.mqtt.bus import Bus, Message
from hub.store.database import State, StateError
from hub.store.journal import Journal
from hub.store.retention import Retention
from hub.wire import streams, topics
from hub.wire.event import Event
from hub.wire.query import Head

log = logging.getLogger(__name__)
WINDOW = 20  # events of a backlog published and not yet acknowledged; fewer than any broker's default queue
LIVE_WINDOW = 100  # a live event need not wait for a broker that has forgotten to acknowledge
PAGE_EVENTS = 50
PAGE_BYTES = 131_072


class Producer:
    """Publishes what stands in the journal, in order, until the broker has it.

    A live event and one left over from a crash take the same way: both are rows not yet published.
    """

    def __init__(self, state: State, bus: Bus, source: str, limits: Limits | None = None) -> None:
        self._state, self._bus = state, bus
        self._retention = Retention(state, limits or Limits())
        self.journal = Journal(state, source)
        self._pumping = threading.Lock()
        self._wanted = 0  # the window with which somebody wants to publish
        self._reconnected = False
        self._in_flight: dict[int, int] = {}  # the bus's number → position in the journal
        self._sent_to = 0  # the last position handed to the bus in this connection
        self._answered: deque[tuple[int, bool, float]] = (
            deque()
        )  # the bus's number, whether the broker took it, when
        self._acknowledged: deque[tuple[int, float]] = (
            deque()
        )  # positions to be marked in the journal, and since when
        bus.on_connect.append(self._begin_again)
        bus.on_published = self._published
        bus.subscribe(topics.every_ask(), self._answer, qos=0)

    def say(
        self,
        kind: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        time: datetime,
        id: str | None = None,  # noqa: A002 - the attribute's name in CloudEvents
        cause: Event | None = None,
        planned: bool = False,
    ) -> Event:
        """Journal an event, so that it cannot be lost any more, and publish it.

        Args:
            kind: Its type.
            subject: What it is about.
            data: What else there is to know.
            time: When it happened.
            id: Its id; a new one if not given.
            cause: What it follows from.
            planned: A calendar says that time; nobody saw it, and it may lie before this boot.

        Raises:
            BadEvent: it cannot be published.
        """
        event = self._state.do(
            lambda db: self.journal.append(
                db, kind, subject, data, time=time, id=id, cause=cause, planned=planned
            ),
            durable=True,
        )
        try:
            self.publish(LIVE_WINDOW)
        except StateError:  # it is written down; that it was acknowledged may be noted later
            log.exception("publishing is held up")
        return event

    def consumers(self) -> set[str]:
        """The names of those who have asked us for events lately."""
        return self._retention.consumers()

    def publish(self, window: int = WINDOW) -> None:
        """Hand to the bus what is waiting in the journal, as far as the window allows.

        Never waits for another thread that is at it: paho calls back with its own lock held, and waiting there for
        ours would be a deadlock. Whoever is at it looks again instead.
        """
        self._wanted = max(self._wanted, window)
        while self._wanted and self._pumping.acquire(blocking=False):
            try:
                window, self._wanted = self._wanted, 0
                self._pump(window)
            finally:
                self._pumping.release()

    def settle(self) -> None:
        """Write down what the broker has acknowledged; called about once a second, when there is time."""
        settled = []
        with suppress(IndexError):  # more than one thread may be at it
            while True:
                settled.append(self._acknowledged.popleft())
        try:
            if settled:
                self.journal.mark_published(dict(settled))
            self._state.write_back()
            if not self._state.disk_fault:
                self._retention.sweep()
        except StateError as error:
            self._acknowledged.extend(settled)
            log.warning("acknowledgements cannot be noted now: %s", error)

    def _pump(self, window: int) -> None:
        if self._reconnected:
            self._reconnected = False
            self._in_flight.clear()
            self._answered.clear()
            self._sent_to = 0
            self.settle()
        while self._answered:
            number, taken, uptime_s = self._answered.popleft()
            position = self._in_flight.pop(number, None)
            if taken and position is not None:
                self._acknowledged.append((position, uptime_s))
        if len(self._acknowledged) >= WINDOW:
            self.settle()
        for entry in self.journal.unpublished(
            self._sent_to, max(0, min(window, self._bus.receive_maximum) - len(self._in_flight))
        ):
            number_given = self._bus.publish(
                topics.event(*streams.parts(entry.stream)), entry.payload
            )
            if number_given is None:
                return
            self._in_flight[number_given] = entry.position
            self._sent_to = entry.position

    def _begin_again(self) -> None:
        """What was under way in the last connection may be lost."""
        self._reconnected = True
        self.publish()

    def _published(self, number: int, taken: bool) -> None:  # noqa: FBT001 - the bus's callback
        self._answered.append((number, taken, self._state.clock.uptime_s()))
        self.publish()

    def _answer(self, message: Message) -> None:
        message.ack()
        if self._state.disk_fault:
            return  # most of the journal is on the disk; who asks will ask again
        consumer = message.topic.split("/")[2]
        kind = topics.asked(message.topic)
        try:
            ask = json.loads(message.payload)
            cursors = {(stream, epoch): int(sequence) for stream, epoch, sequence in ask["cursors"]}
            is_known = self.journal.source in ask["known"]
            since = None if is_known else float(ask["since"])
            request = str(ask["request"])[:64]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            log.warning("%s: not a question that I understand", message.topic)
            return
        if self.journal.is_behind(cursors):
            log.error(
                "%s has had more of us than this file knows: it is an older copy. Numbering anew",
                consumer,
            )
            self._state.begin_epoch()
        heads = self.journal.owed(kind, cursors, since=since)
        self._note(consumer, heads)
        news = [head for head in heads if _is_news(head, cursors) or self.journal.is_current(head)]
        gone = self.journal.forgotten(cursors)
        if news or gone or (self._may_say(kind) and not is_known):
            page = self._page(news, request, gone)
            self._bus.publish(
                topics.answer(self.journal.source, consumer), page, content_type="application/json"
            )

    def _may_say(self, kind: str) -> bool:
        """Whether such an event may come from us: then who does not know us hears from us even if nothing is owed.

        From then on it need not compare its wall clock with ours to know what of us is new to it. What handlers may
        say is without number, and each of them would answer for each: they do only who asks for everything.
        """
        is_hub = topics.role_for(kind) == "hub" and self.journal.source.startswith("doorbell/hub/")
        return is_hub or kind == topics.EVERY

    def _note(self, consumer: str, heads: list[Head]) -> None:
        try:
            self._retention.note(consumer, heads)
        except StateError as error:
            log.warning("how far %s has come cannot be noted now: %s", consumer, error)

    def _page(self, heads: list[Head], request: str, gone: list[tuple[str, str]]) -> bytes:
        events: list[bytes] = []
        size = 0
        for head in heads:
            for event in self.journal.page(head, PAGE_EVENTS - len(events)):
                size += len(event)
                if events and size > PAGE_BYTES:
                    break
                events.append(event)
        owed = sum(head.last - head.after for head in heads)
        answer = {
            "request": request,
            "source": self.journal.source,
            "heads": [asdict(head) for head in heads],
            "events": [json.loads(event) for event in events],
            "more": owed > len(events),
            "gone": gone,
        }
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def _is_news(head: Head, cursors: Mapping[tuple[str, str], int]) -> bool:
    """Whether its asker does not know of it, or has not all of it. An old numbering is not told again and again."""
    return (head.stream, head.epoch) not in cursors or head.after < head.last
