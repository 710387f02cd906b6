"""Asks producers for what was missed: at start, after a gap, when a producer comes back, and now and then."""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hub.mqtt.bus import Bus, Message
from hub.store.inbox import Inbox
from hub.wire import streams, topics
from hub.wire.event import EPOCH, BadEvent, Event, from_wire, uuid7
from hub.wire.query import Head

log = logging.getLogger(__name__)
AUDIT_S = (
    60.0  # a broker that silently dropped the last event of a topic is found out after this long
)
UNANSWERED_S = 2.0
SETTLE_S = 5.0
MUST_WAIT_S = (
    0.5  # a question that cannot be asked now (no broker) is looked at again after this long
)
BACKLOG_PAGES = 4
ASKED = 64  # questions that are remembered: a page that answers none of them says nothing to us
MANY = 10**15  # more events than a house will see


class CatchUp:
    """Keeps a consumer's events complete, on any broker.

    Everything but `receive` and the two triggers runs in the consumer's own thread.
    """

    def __init__(
        self,
        bus: Bus,
        inbox: Inbox,
        source: str,
        since: Mapping[str, float],
        wake: Callable[[], None],
    ) -> None:
        """Prepare.

        Args:
            bus: To ask on.
            inbox: Knows how far we are.
            source: Who asks.
            since: For each event type, from which Unix time on a producer never met before owes us its events.
            wake: Called from another thread when there is something to do.
        """
        self._bus, self._inbox, self._source, self._since, self._wake = (
            bus,
            inbox,
            source,
            since,
            wake,
        )
        self._pages: deque[Mapping[str, Any]] = deque()
        self._events: deque[Event] = deque()
        self._ask_at = dict.fromkeys(since, 0.0)  # monotonic seconds
        self._patience_s = dict.fromkeys(since, UNANSWERED_S)
        # The types of which somebody may know more, until an answer since the start has said that there is no more.
        self._behind = {kind for kind in since if inbox.known_producers(kind)}
        self._began_s = time.monotonic()
        self._request = dict.fromkeys(since, "")  # the last question for each type
        self._asked: dict[
            str, str
        ] = {}  # our last questions, by their request: the type that was asked for
        bus.on_connect.append(self.ask_all)
        bus.subscribe(topics.answer("doorbell/+/+", topics.name_of(source)), self._receive, qos=0)
        bus.subscribe(topics.status("doorbell/+/+"), self._producer_status, qos=0)

    def ask_all(self) -> None:
        """Ask for every type soon."""
        self.ask_soon(self._ask_at)

    def ask_soon(self, kinds: Iterable[str]) -> None:
        """Ask for these types as soon as the consumer is free."""
        for kind in map(self._asked_as, kinds):
            self._patience_s[kind] = UNANSWERED_S
            self._ask_at[kind] = 0.0
        self._wake()

    def next_event(self) -> Event | None:
        """One event out of what producers have answered; None when there is none now."""
        while not self._events and self._pages:
            self._open(self._pages.popleft())
        return self._events.popleft() if self._events else None

    def settles_in_s(self) -> float:
        """Seconds until what happened while we were away is surely known, as far as it can be; 0: now.

        A producer that is away, or a broker, is not waited for longer than SETTLE_S.
        """
        if self._events or self._pages:
            return MUST_WAIT_S
        return max(0.0, self._began_s + SETTLE_S - time.monotonic()) if self._behind else 0.0

    def ask_what_is_due(self) -> float:
        """Send the questions whose time has come; returns in how many seconds the next one is due."""
        now = time.monotonic()
        if self._bus.connected.is_set() and not self._events and not self._pages:
            for kind, at in list(self._ask_at.items()):
                if at <= now:
                    self._ask_at[kind] = now + self._patience_s[kind]
                    self._patience_s[kind] = min(self._patience_s[kind] * 2, AUDIT_S)
                    self._ask(kind)
        return max(0.0, min(self._ask_at.values(), default=now + AUDIT_S) - now)

    def _ask(self, kind: str) -> None:
        request = self._request[kind] = uuid7()
        self._asked[request] = kind
        if len(self._asked) > ASKED:
            del self._asked[next(iter(self._asked))]
        question = {
            "request": request,
            "cursors": self._inbox.cursors(kind),
            "known": self._inbox.known_producers(kind),
            "since": self._since[kind],
        }
        payload = json.dumps(question, separators=(",", ":")).encode()
        self._bus.publish(topics.ask(self._source, kind), payload, content_type="application/json")

    def _receive(self, message: Message) -> None:
        """In the network thread: keep the page for later; one too many will be asked for again."""
        message.ack()
        try:
            page = json.loads(message.payload)
        except (ValueError, RecursionError):
            page = None
        if not isinstance(page, dict):
            log.warning("%s: not a page that I understand", message.topic)
        elif len(self._pages) < BACKLOG_PAGES:
            self._pages.append(page | {"topic": message.topic})
            self._wake()

    def _producer_status(self, message: Message) -> None:
        """In the network thread: a producer that has just become ready may have old events for us."""
        message.ack()
        if (
            b'"ready"' in message.payload
            and not message.retained
            and not message.topic.startswith(f"{self._source}/")
        ):
            role = message.topic.split("/")[1]
            self.ask_soon(
                [
                    kind
                    for kind in self._since
                    if kind == topics.EVERY or topics.role_for(kind) == role
                ]
            )

    def _open(self, page: Mapping[str, Any]) -> None:
        request = page.get("request")
        kind = self._asked.get(request) if isinstance(request, str) else None
        if kind is None:
            log.debug("a page that nobody asked for: not read")
            return
        try:
            source, heads, events = self._checked(page, kind)
        except BadEvent as error:
            log.warning("a page of old events is refused: %s", error)
            return
        for lost in self._inbox.learn(source, kind, heads):
            log.error("lost to the retention of %s before we could have it: %s", source, lost)
        self._inbox.forget(
            key for key in _keys(page.get("gone")) if streams.source_of(key[0]) == source
        )
        self._events.extend(events)
        self._plan_next(kind, more=page.get("more") is True, is_last=request == self._request[kind])

    def _asked_as(self, kind: str) -> str:
        """The question that brings events of this type."""
        return topics.EVERY if topics.EVERY in self._since else kind

    def _plan_next(self, kind: str, *, more: bool, is_last: bool) -> None:
        """Ask at once where there is more; only the answer to our last question lets us rest."""
        if more:
            self._ask_at[kind] = 0.0
            return
        self._behind.discard(kind)
        if self._ask_at[kind] <= 0:
            return
        if is_last:
            self._patience_s[kind] = AUDIT_S
            self._ask_at[kind] = time.monotonic() + AUDIT_S

    def _checked(self, page: Mapping[str, Any], kind: str) -> tuple[str, list[Head], list[Event]]:
        """What a page says, if its sender may say it: everybody speaks of their own topics only."""
        try:
            source = str(page["source"])
            if page["topic"] != topics.answer(source, topics.name_of(self._source)):
                raise BadEvent("it answers for somebody else")
            if kind != topics.EVERY and topics.role_for(kind) != source.split("/")[1]:
                raise BadEvent("it speaks of what is not its own to say")
            heads = [self._head(source, head, kind) for head in page["heads"]]
            events = [from_wire(wire) for wire in page["events"]]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise error if isinstance(error, BadEvent) else BadEvent("it is malformed") from None
        if any(event.source != source or not streams.is_of(event.stream, kind) for event in events):
            raise BadEvent("it holds events of somebody else, or that nobody asked for")
        return source, heads, events

    def _head(self, source: str, head: Mapping[str, Any], kind: str) -> Head:
        stream, epoch, after, last = head["stream"], head["epoch"], head["after"], head["last"]
        numbers = type(after) is int and type(last) is int and 0 <= after <= last < MANY
        if (
            not isinstance(stream, str)
            or not isinstance(epoch, str)
            or not EPOCH.fullmatch(epoch)
            or not numbers
        ):
            raise BadEvent("a head is malformed")
        if streams.source_of(stream) != source or not streams.is_of(stream, kind):
            raise BadEvent("it speaks of streams that are not its own, or that nobody asked for")
        return Head(stream, epoch, after, last)


def _keys(told: object) -> list[tuple[str, str]]:
    """Streams and epochs, as a page lists them."""
    pairs = told if isinstance(told, list) else []
    return [
        (pair[0], pair[1])
        for pair in pairs
        if isinstance(pair, list) and [*map(type, pair)] == [str, str]
    ]
