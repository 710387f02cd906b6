"""The replies to consumers that missed events: what they are owed, from the journal."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from hub.mqtt.bus import Bus, Message
from hub.store.backlog import Backlog
from hub.store.retention import Retention
from hub.store.state import State, StateError
from hub.wire import topics
from hub.wire.codec import JSON, BadMessage
from hub.wire.query import EVENTS, HEADS, Head, Numbering, Query, Reply

log = logging.getLogger(__name__)
PAGE_BYTES = 131_072


@dataclass(frozen=True, slots=True)
class _Owed:
    """What the reply to one query may say.

    Attributes:
        heads: The numberings of the type inside the query's range.
        news: Those that the consumer does not know, or has not all of.
        gone: Numberings of the query that were ours, and of which nothing is left.
    """

    heads: list[Head]
    news: list[Head]
    gone: list[Numbering]


class CatchUpReplies:
    """Replies to the queries of consumers, and remembers how far each has come."""

    def __init__(self, state: State, bus: Bus, backlog: Backlog, retention: Retention) -> None:
        self._state = state
        self._bus = bus
        self._backlog = backlog
        self._retention = retention
        self._is_hub = topics.role_of(backlog.source) == "hub"
        bus.subscribe(bus.topics.every_query(), self._receive, qos=0)

    def _receive(self, message: Message) -> None:
        message.ack()
        if self._state.disk_fault:
            return  # most of the journal is on the disk; the consumer will ask again
        try:
            query = Query.decode(message.payload)
        except BadMessage as error:
            self._bus.refuse(message, f"no query: {error}")
            return
        consumer = topics.name_of(self._bus.topics.source_of(message.topic))
        self._reply(consumer, self._bus.topics.queried(message.topic), query)

    def _reply(self, consumer: str, kind: str, query: Query) -> None:
        source = self._backlog.source
        if not query.range.has_some_of(source):
            return
        cursors = {(stream, epoch): sequence for stream, epoch, sequence in query.cursors}
        if self._backlog.is_behind(cursors):
            log.error(
                "%s has had more events than this file knows: it is an older copy. Numbering anew",
                consumer,
            )
            self._state.begin_epoch()
        owed = self._owed(kind, query, cursors)
        self._note(consumer, owed.heads)
        if self._has_to_reply(kind, query, owed):
            self._bus.publish(
                self._bus.topics.reply(source, consumer),
                self._encode(query, owed),
                content_type=JSON,
            )

    def _owed(self, kind: str, query: Query, cursors: Mapping[Numbering, int]) -> _Owed:
        since = None if self._backlog.source in query.known else query.since
        heads = self._backlog.owed(kind, cursors, since=since, within=query.range.has)
        news = [head for head in heads if _is_news(head, cursors)]
        gone = self._backlog.forgotten(cursors)
        return _Owed(heads, sorted(news, key=_numbering), gone)

    def _has_to_reply(self, kind: str, query: Query, owed: _Owed) -> bool:
        """Whether the consumer needs a reply: something is new to it, or it waits for one.

        A producer that the consumer does not know replies even if nothing is owed, where such an
        event may come from it. From then on the consumer need not compare its wall clock with ours
        to know which events are new. A handler may publish any type, and would reply about all of
        them: it does so only to a consumer of all types.
        """
        if owed.news or owed.gone or any(map(self._backlog.is_current, owed.heads)):
            return True
        if self._backlog.source in query.known:
            return not query.range.is_all
        is_ours = topics.role_for(kind) == "hub" and self._is_hub
        return is_ours or kind == topics.EVERY

    def _encode(self, query: Query, owed: _Owed) -> bytes:
        heads = owed.news[:HEADS]
        is_cut = len(heads) < len(owed.news)
        events = self._events(heads)
        count = sum(head.last - head.after for head in heads)
        reply = Reply(
            request=query.request,
            source=self._backlog.source,
            heads=tuple(heads),
            more=is_cut or count > len(events),
            gone=tuple(owed.gone),
            events=(),
            until=_numbering(heads[-1]) if is_cut else query.until,
        )
        return reply.encode_with(events)

    def _events(self, heads: list[Head]) -> list[bytes]:
        """The oldest events that are owed: at least one, and no more than a reply may hold."""
        events: list[bytes] = []
        size = 0
        for head in heads:
            for event in self._backlog.page(head, EVENTS - len(events)):
                size += len(event)
                if events and size > PAGE_BYTES:
                    return events
                events.append(event)
        return events

    def _note(self, consumer: str, heads: list[Head]) -> None:
        try:
            self._retention.note(consumer, heads)
        except StateError as error:
            log.warning("how far %s has come cannot be noted now: %s", consumer, error)


def _numbering(head: Head) -> Numbering:
    return head.stream, head.epoch


def _is_news(head: Head, cursors: Mapping[Numbering, int]) -> bool:
    """Whether the consumer does not know of it, or has not all of it."""
    return _numbering(head) not in cursors or head.after < head.last
