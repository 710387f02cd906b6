"""Sends the queries of a consumer, and reads the replies of producers.

It asks at start, after a gap, when a producer comes back, and once a minute.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hub.consumer.paging import query_page
from hub.mqtt.bus import Bus, Message
from hub.mqtt.house_messages import ReceivedStatus
from hub.store.cursors import Cursors
from hub.wire import streams, topics
from hub.wire.codec import JSON, BadMessage
from hub.wire.event import Event, uuid7
from hub.wire.query import CURSORS, Numbering, Range, Reply

log = logging.getLogger(__name__)
AUDIT_S = 60.0  # a broker that silently dropped the last event of a stream is noticed after so long
UNANSWERED_S = 2.0
SETTLE_S = 5.0
MUST_WAIT_S = 0.5  # without a broker a query that is due is looked at again after so long
BACKLOG = 32  # replies that wait; more are dropped, and asked for again
QUERIES = 64  # queries that are remembered; a reply to another one is not read


class _Sent(NamedTuple):
    """A query that was sent: for which type, and about which numberings."""

    kind: str
    range: Range


@dataclass
class _Round:
    """The queries for one type: one after another through all numberings, and round again.

    Attributes:
        ask_at: When the next query is due, in monotonic seconds.
        patience_s: How long the last query of a round waits for a reply.
        request: The last query; empty before the first.
        after: Where the next query begins; None: with the first numbering.
        until: Where the last query ended; None: it was the last one of its round.
        is_waiting: Whether the last query has no reply yet.
        is_wanted: Whether something has happened since that makes another round due.
    """

    ask_at: float = 0.0
    patience_s: float = UNANSWERED_S
    request: str = ""
    after: Numbering | None = None
    until: Numbering | None = None
    is_waiting: bool = False
    is_wanted: bool = False

    def want(self) -> None:
        """Ask at once; in the midst of a round also from its beginning, later."""
        self.is_wanted = self.after is not None
        self.patience_s = UNANSWERED_S
        self.is_waiting = False
        self.ask_at = 0.0

    def go_on(self) -> None:
        """The last query is done with, replied or not: the next one follows it."""
        self.after = self.until
        self.is_waiting = False


class CatchUp:
    """Keeps a consumer's events complete, on any broker.

    Everything but what the bus calls runs in the consumer's own thread.
    """

    def __init__(
        self,
        bus: Bus,
        cursors: Cursors,
        source: str,
        since: Mapping[str, float],
        wake: Callable[[], None],
        *,
        most_cursors: int = CURSORS,
    ) -> None:
        """Prepare.

        Args:
            bus: To ask on.
            cursors: How far this consumer has come.
            source: The consumer.
            since: For each event type, from which Unix second on a new producer owes its events.
            wake: Called from another thread when there is something to do.
            most_cursors: How many one query may carry.
        """
        self._bus = bus
        self._cursors = cursors
        self._source = source
        self._since = since
        self._wake = wake
        self._most = most_cursors
        self._replies: deque[Message] = deque()
        self._events: deque[Event] = deque()
        self._rounds = {kind: _Round() for kind in since}
        # Types of which a producer may know more, until a reply since the start denies it.
        self._behind = {kind for kind in since if cursors.known_producers(kind)}
        self._began_s = time.monotonic()
        self._seen: dict[tuple[str, str], Range] = {}  # of a type and source, what has replies
        self._sent: dict[str, _Sent] = {}  # the last queries, by their request
        bus.on_connect.append(self.ask_all)
        everybody = topics.source("+", "+")
        bus.subscribe(bus.topics.reply(everybody, topics.name_of(source)), self._receive, qos=0)
        bus.on_status(everybody, self._producer_status)

    def ask_all(self) -> None:
        """Ask for every type soon."""
        self.ask_soon(self._rounds)

    def ask_soon(self, kinds: Iterable[str]) -> None:
        """Ask for these types as soon as the consumer is free."""
        for kind in map(self._asked_as, kinds):
            self._rounds[kind].want()
        self._wake()

    def next_event(self) -> Event | None:
        """One event out of the replies of producers; None when there is none now."""
        while not self._events and self._replies:
            self._open(self._replies.popleft())
        return self._events.popleft() if self._events else None

    def settles_in_s(self) -> float:
        """Seconds until the events of the time away are known, as far as they can be; 0: now.

        A producer that is away, or a broker, is not waited for longer than SETTLE_S.
        """
        if self._events or self._replies:
            return MUST_WAIT_S
        return max(0.0, self._began_s + SETTLE_S - time.monotonic()) if self._behind else 0.0

    def ask_what_is_due(self) -> float:
        """Send the queries whose time has come; returns in how many seconds the next one is due."""
        now = time.monotonic()
        if self._bus.connected.is_set() and not self._events and not self._replies:
            for kind, round_ in list(self._rounds.items()):
                if round_.ask_at <= now:
                    self._ask(kind, round_, now)
        due_at = min((round_.ask_at for round_ in self._rounds.values()), default=now + AUDIT_S)
        return max(0.0, due_at - now)

    def _ask(self, kind: str, round_: _Round, now: float) -> None:
        if round_.is_waiting:
            round_.go_on()
        round_.request = uuid7()
        cursors = self._cursors.of_type(kind)
        known = self._cursors.known_producers(kind)
        query = query_page(
            round_.request, cursors, known, self._since[kind], after=round_.after, most=self._most
        )
        round_.until = query.until
        round_.is_waiting = True
        round_.ask_at = now + UNANSWERED_S
        if query.until is None:
            round_.ask_at = now + round_.patience_s
            round_.patience_s = min(round_.patience_s * 2, AUDIT_S)
        self._sent[round_.request] = _Sent(kind, query.range)
        if len(self._sent) > QUERIES:
            del self._sent[next(iter(self._sent))]
        topic = self._bus.topics.query(self._source, kind)
        self._bus.publish(topic, query.encode(), content_type=JSON)

    def _receive(self, message: Message) -> None:
        """In the network thread: keep the reply for later; one too many will be asked for again."""
        message.ack()
        if len(self._replies) < BACKLOG and len(message.payload) <= Reply.MAX_BYTES:
            self._replies.append(message)
            self._wake()

    def _producer_status(self, received: ReceivedStatus) -> None:
        """In the network thread: a producer that has just become ready may have missed events."""
        is_ready = received.status is not None and received.status.state == "ready"
        if is_ready and not received.retained and received.source != self._source:
            role = topics.role_of(received.source)
            self.ask_soon([kind for kind in self._since if _may_come_from(role, kind)])

    def _open(self, message: Message) -> None:
        try:
            reply = Reply.decode(message.payload)
            sent = self._sent.get(reply.request)
            if sent is None:
                log.debug("a reply that nobody asked for: not read")
                return
            self._check(reply, sent, self._bus.topics.source_of(message.topic))
        except BadMessage as error:
            log.warning("a reply is refused: %s", error)
            return
        is_whole = self._is_whole(sent, reply)
        for lost in self._cursors.learn(reply.source, sent.kind, reply.heads, is_whole=is_whole):
            log.error("lost to the retention of %s before we could have it: %s", reply.source, lost)
        self._cursors.forget(key for key in reply.gone if streams.source_of(key[0]) == reply.source)
        self._events.extend(reply.events)
        self._plan_next(sent, reply)

    def _is_whole(self, sent: _Sent, reply: Reply) -> bool:
        """Whether this reply and those before it are about all numberings of the producer."""
        seen = Range(sent.range.after, reply.until)
        before = self._seen.get((sent.kind, reply.source))
        if before and seen.after and (before.until is None or seen.after <= before.until):
            seen = Range(before.after, seen.until)
        if seen.has_all_of(reply.source):
            self._seen.pop((sent.kind, reply.source), None)
            return True
        self._seen[sent.kind, reply.source] = seen
        return False

    def _asked_as(self, kind: str) -> str:
        """The type for which is asked to get events of this type."""
        return topics.EVERY if topics.EVERY in self._since else kind

    def _plan_next(self, sent: _Sent, reply: Reply) -> None:
        """Ask again where there is more; else go on with the next numberings, or rest.

        Only the reply to the last query lets a consumer rest.
        """
        round_ = self._rounds[sent.kind]
        if reply.more:
            round_.after = sent.range.after
            round_.is_waiting = False
            round_.ask_at = 0.0
            return
        if sent.range.until is None:
            self._behind.discard(sent.kind)
        if round_.ask_at <= 0 or reply.request != round_.request:
            return
        round_.go_on()
        if sent.range.until is not None:
            round_.ask_at = 0.0
        elif round_.is_wanted:
            round_.want()
        else:
            round_.patience_s = AUDIT_S
            round_.ask_at = time.monotonic() + AUDIT_S

    def _check(self, reply: Reply, sent: _Sent, sender: str) -> None:
        """Refuse a reply about what is not the sender's own, or what nobody asked for.

        Raises:
            BadMessage: it is one.
        """
        if sender != reply.source:
            raise BadMessage("it replies for somebody else")
        if not _may_come_from(topics.role_of(sender), sent.kind):
            raise BadMessage("its sender may not publish such events")
        known = [head.stream for head in reply.heads] + [event.stream for event in reply.events]
        for stream in known:
            if streams.source_of(stream) != sender or not streams.is_of(stream, sent.kind):
                raise BadMessage("it has streams that are not its own, or that nobody asked for")
        if any(head.after > head.last for head in reply.heads):
            raise BadMessage("a head is malformed")


def _may_come_from(role: str, kind: str) -> bool:
    """Whether a process of this role may publish events of this type."""
    return kind == topics.EVERY or topics.role_for(kind) == role
