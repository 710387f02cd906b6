"""The replies to consumers that missed events: what they are owed, from the journal."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any

from hub.mqtt.bus import Bus, Message
from hub.store.journal.backlog import Backlog
from hub.store.journal.retention import Retention
from hub.store.state import State, StateError
from hub.wire import topics
from hub.wire.codec import JSON, BadMessage
from hub.wire.query import (
    EVENTS,
    EVENTS_UNASKED,
    HEADS,
    MOST_BYTES,
    WITHHELD,
    Cursor,
    Head,
    Query,
    Reply,
    digest,
)
from hub.wire.streams import Numbering

log = logging.getLogger(__name__)
FRAME_BYTES = 300  # of a reply, with its topic
HEAD_BYTES = 80  # of a head beside its stream, and of an event that is withheld
PAGE_BYTES = 131_072  # of events
RENEW_S = 600.0  # between two numberings that a consumer's claim begins


@dataclass(frozen=True, slots=True)
class _Owed:
    """What the reply to one query may say.

    Attributes:
        heads: The numberings of the type inside the query's range.
        news: Those that the consumer does not know, or has not received all of.
        received: What of each numbering the consumer is working on: it is not sent again.
        gone: Numberings of the query that were ours, and of which nothing is left.
        room: How many bytes are left for events.
        most: How many events there may be.
    """

    heads: list[Head]
    news: list[Head]
    received: Mapping[Numbering, int]
    gone: list[Numbering]
    room: int
    most: int


class CatchUpReplies:
    """Replies to the queries of consumers, and remembers how far each has come."""

    def __init__(self, state: State, bus: Bus, backlog: Backlog, retention: Retention) -> None:
        self._state = state
        self._bus = bus
        self._backlog = backlog
        self._retention = retention
        self._role = topics.role_of(backlog.source)
        self._renew_after_s = 0.0  # on the clock that never jumps
        bus.subscribe(bus.topics.every_query(), self._receive, qos=0)

    def _receive(self, message: Message) -> None:
        message.ack()
        kind = self._bus.topics.queried(message.topic)
        if not topics.may_come_from(self._role, kind):
            return  # each process hears the queries of all
        if kind != topics.EVERY and (fault := topics.fault_in_type(kind)):
            self._bus.refuse(message, f"not a query: {fault}")
            return
        if self._state.disk_fault:
            return  # most of the journal is on the disk; the consumer will ask again
        try:
            query = Query.decode(message.payload)
        except BadMessage as error:
            self._bus.refuse(message, f"not a query: {error}")
            return
        sender = self._bus.topics.source_of(message.topic)
        if sender != self._backlog.source or kind != topics.EVERY:  # an observer's own events
            self._reply(topics.consumer_of(sender), kind, query)

    def _reply(self, consumer: str, kind: str, query: Query) -> None:
        source = self._backlog.source
        if not query.range.has_some_of(source):
            return
        cursors = {(stream, epoch): sequence for stream, epoch, sequence in query.cursors}
        if not self._settle(kind, query, cursors):
            self._send(consumer, self._frame(query, unsettled=True).encode())
            return
        self._renew_for(consumer, cursors)
        owed = self._owed(kind, query, cursors)
        if self._has_to_reply(kind, query, owed):
            self._send(consumer, self._encode(query, owed))
        self._note(consumer, kind, owed.heads)  # last: the reply must not wait for the sync of this

    def _renew_for(self, consumer: str, cursors: Mapping[Numbering, int]) -> None:
        """Begin a new numbering where a consumer has had more than the journal holds.

        One in RENEW_S is enough, whatever is forged.
        """
        clock = self._state.clock
        if clock.uptime_s() < self._renew_after_s or not self._backlog.is_behind(cursors):
            return
        try:
            self._state.begin_epoch()
        except StateError as error:
            log.warning("no new numbering can begin now, though %s needs one: %s", consumer, error)
            return
        self._renew_after_s = clock.uptime_s() + RENEW_S
        log.error(
            "%s has had more events than this file knows: it is an older copy, or somebody"
            " forges events. Numbering anew",
            consumer,
        )

    def _send(self, consumer: str, reply: bytes) -> None:
        topic = self._bus.topics.reply(self._backlog.source, consumer)
        # What a consumer has had must be in the journal after a power cut, too.
        self._state.after_sync(partial(self._bus.publish, topic, reply, content_type=JSON))

    def _settle(self, kind: str, query: Query, cursors: dict[Numbering, int]) -> bool:
        """Add the cursors of which the query has a digest; False where that is not ours."""
        theirs = dict(query.settled).get(self._backlog.source)
        if theirs is None:
            return True
        closed = self._backlog.closed(kind, query.range)
        ours = [cursor for cursor in closed if cursor[:2] not in cursors]
        if digest(ours) != theirs:
            return False
        cursors |= {(stream, epoch): last for stream, epoch, last in ours}
        return True

    def _owed(self, kind: str, query: Query, cursors: Mapping[Numbering, int]) -> _Owed:
        since = None if self._backlog.source in query.known else query.since
        heads = self._backlog.owed(kind, cursors, since=since, within=query.range)
        received = {(stream, epoch): sequence for stream, epoch, sequence in query.received}
        news = [head for head in heads if _is_news(_without(received, head), cursors)]
        gone = self._backlog.forgotten(cursors)
        room = (
            min(query.most or MOST_BYTES, self._bus.limits.packet_limit - FRAME_BYTES) - FRAME_BYTES
        )
        gone = gone[: _fitting(gone, room // 4)]
        room -= sum(map(_size, gone))
        most = min(query.events or EVENTS_UNASKED, EVENTS)
        return _Owed(heads, sorted(news, key=_numbering), received, gone, room, most)

    def _has_to_reply(self, kind: str, query: Query, owed: _Owed) -> bool:
        """Whether the consumer needs a reply: something is new to it, or it waits for one.

        A producer replies even if nothing is owed, where such an event may come from it. So the
        consumer knows that this reply is not lost. From the first one on it need not compare its
        wall clock with ours to know which events are new. A handler may publish any type but the
        hub's, and would reply about all of them: it does so only to a consumer of all types, and
        to one that asks it alone.
        """
        if owed.news or owed.gone or any(map(self._backlog.is_current, owed.heads)):
            return True
        is_asked_alone = self._backlog.source in query.known and not query.range.is_all
        return is_asked_alone or topics.role_for(kind) == "hub" or kind == topics.EVERY

    def _encode(self, query: Query, owed: _Owed) -> bytes:
        names = [_numbering(head) for head in owed.news[:HEADS]]
        heads = _whole_streams(owed.news, max(1, _fitting(names, owed.room // 2)))
        is_cut = len(heads) < len(owed.news)
        room = owed.room - sum(map(_size, names[: len(heads)]))
        unsent = [_without(owed.received, head) for head in heads]
        events, withheld = self._events(unsent, room, owed.most)
        count = sum(head.last - head.after for head in unsent)
        reply = self._frame(
            query,
            heads=tuple(heads),
            more=is_cut or count > len(events) + len(withheld),
            gone=tuple(owed.gone),
            until=_numbering(heads[-1]) if is_cut else query.until,
            withheld=tuple(withheld),
        )
        return reply.encode_with(events)

    def _frame(self, query: Query, **more: Any) -> Reply:
        fields: dict[str, Any] = {"heads": (), "more": False, "gone": (), "until": query.until}
        return Reply(
            request=query.request, source=self._backlog.source, events=(), **(fields | more)
        )

    def _events(self, heads: list[Head], room: int, most: int) -> tuple[list[bytes], list[Cursor]]:
        """The oldest events that are owed and have room, and those that are too large for it."""
        room = min(room, PAGE_BYTES)
        events: list[bytes] = []
        withheld: list[Cursor] = []
        size = 0
        for head in self._backlog.by_age(heads):
            page = self._backlog.page(head, most - len(events))
            for sequence, event in page:
                name = (head.stream, head.epoch)
                is_large = len(event) > room
                added = _size(name) if is_large else len(event)
                is_full = size > 0 and size + added > room  # the first one is taken in any case
                if is_full or len(withheld) == WITHHELD:
                    return events, withheld
                size += added + 1
                if is_large:
                    withheld.append((*name, sequence))
                else:
                    events.append(event)
        return events, withheld

    def _note(self, consumer: str, kind: str, heads: list[Head]) -> None:
        try:
            self._retention.note(consumer, kind, heads)
        except StateError as error:
            log.warning("how far %s has come cannot be noted now: %s", consumer, error)


def _numbering(head: Head) -> Numbering:
    return head.stream, head.epoch


def _without(received: Mapping[Numbering, int], head: Head) -> Head:
    """What a head owes that the consumer has not received."""
    after = max(head.after, received.get(_numbering(head), 0))
    return replace(head, after=min(after, head.last))


def _size(numbering: Numbering) -> int:
    """About how many bytes a numbering takes in a reply."""
    return len(numbering[0]) + HEAD_BYTES


def _whole_streams(heads: list[Head], count: int) -> list[Head]:
    """So many heads, without those of a stream that is cut, if it is not the only one.

    Else events of a newer numbering could be sent before those of an older one.
    """
    cut = heads[count].stream if count < len(heads) else ""
    return [head for head in heads[:count] if head.stream != cut] or heads[:count]


def _fitting(numberings: list[Numbering], room: int) -> int:
    """How many of the first numberings have room."""
    sizes = accumulate(map(_size, numberings))
    return sum(size <= room for size in sizes)


def _is_news(head: Head, cursors: Mapping[Numbering, int]) -> bool:
    """Whether the consumer does not know of it, or has not all of it."""
    return _numbering(head) not in cursors or head.after < head.last
