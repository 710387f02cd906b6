"""Sends the queries of a consumer, and reads the replies of producers.

It asks at start, after a gap, when a producer comes back, and once a minute.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from hub.consumer.catchup.alive import Alive
from hub.consumer.catchup.doubts import Doubts
from hub.consumer.catchup.gone import Gone
from hub.consumer.catchup.heard import Heard
from hub.consumer.catchup.jumps import Jumps
from hub.consumer.catchup.queries.message_size import MessageSize
from hub.consumer.catchup.queries.paging import Ask, about, divide, query_page, received_with
from hub.consumer.catchup.queries.replies import Replies, check
from hub.consumer.catchup.queries.sent_queries import Sent, SentQueries
from hub.consumer.catchup.round import AUDIT_S, Round
from hub.consumer.catchup.time_away import TimeAway
from hub.consumer.catchup.withheld import Withheld
from hub.mqtt.bus import Bus
from hub.store.cursors import Cursors
from hub.wire import streams, topics
from hub.wire.codec import JSON, BadMessage
from hub.wire.event import Event, uuid7
from hub.wire.query import CURSORS, EVENTS, MOST_BYTES, OwedEvent, Query, Range, Reply

log = logging.getLogger(__name__)
MUST_WAIT_S = 0.5  # without a broker a query that is due is looked at again after so long
FRAME_BYTES = 256  # of a packet, beside its payload: topic and properties
YEAR_S = 365 * 86_400.0  # what happened before is not owed by a producer that is not known


class CatchUp:
    """Keeps a consumer's events complete, on any broker.

    Everything but what the bus calls runs in the consumer's own thread.

    Attributes:
        doubts: What cannot be what it claims to be.
        events: What `next_event` gives next, as far as it has been read.
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
        most_events: int = EVENTS,
    ) -> None:
        """Prepare.

        Args:
            bus: To ask on.
            cursors: How far this consumer has come.
            source: The consumer.
            since: For each event type, from which Unix second on a new producer owes its events.
            wake: Called from another thread when there is something to do.
            most_cursors: How many one query may carry.
            most_events: How many it asks for.
        """
        self._bus = bus
        self._cursors = cursors
        self._source = source
        self._since = since
        self._wake = wake
        self._most, self._most_events = most_cursors, most_events
        self._sizes = {kind: MessageSize(partial(bus.note, "catch-up")) for kind in since}
        self._replies = Replies(bus, source, wake)
        self.events: deque[OwedEvent] = deque()
        self._rounds = {kind: Round() for kind in since}
        self._time_away = TimeAway(kind for kind in since if cursors.known_producers(kind))
        self._heard = Heard()
        self._sent = SentQueries()
        self._jumps = Jumps(cursors)
        self._withheld = Withheld(cursors, bus)
        self._gone = Gone(cursors)
        self._wanted: deque[tuple[str, bool]] = deque()  # types, and whether replies are lost
        self.doubts = Doubts(cursors, partial(bus.note, "forged"))
        bus.on_connect.append(self.ask_all)
        self._alive = Alive(bus, self._came)

    def ask_all(self) -> None:
        """In the network thread: there is a new connection; ask for every type."""
        self._wanted.extend((kind, True) for kind in self._rounds)
        self._wake()

    def ask_soon(self, kinds: Iterable[str]) -> None:
        """In any thread: ask for these types as soon as the consumer is free."""
        self._wanted.extend((kind, False) for kind in {self._asked(kind) for kind in kinds})
        self._wake()

    def ask_about(self, stream: str) -> None:
        """In the consumer's thread: ask for what one stream has, and not for all the others."""
        self._rounds[self._asked(streams.type_of(stream))].add(about(stream))

    def is_alone(self, event: Event) -> bool:
        """Whether the event's stream has no older numbering, of which something may be owed."""
        is_complete = self._heard.is_complete(self._asked(event.type), event.source, event.epoch)
        return is_complete and not self._cursors.has_some_of(event.stream)

    def _asked(self, kind: str) -> str:
        """The type that is asked for, where events of this one are wanted."""
        return topics.EVERY if topics.EVERY in self._since else kind

    def next_event(self) -> OwedEvent | None:
        """One event out of the replies of producers; None when there is none now."""
        while not self.events and (message := self._replies.next()):
            sender = self._bus.topics.source_of(message.topic)
            try:
                self._open(Reply.decode(message.payload), sender, len(message.payload))
            except BadMessage as error:
                log.warning("a reply is refused: %s", error)
        return self.events.popleft() if self.events else None

    def is_under_way(self) -> bool:
        """Whether missed events wait, or may come with a reply."""
        is_asking = any(round_.is_going_on for round_ in self._rounds.values())
        return is_asking or bool(self.events or self._replies)

    def settles_in_s(self) -> float:
        """Seconds until the events of the time away are known, as far as they can be; 0: now."""
        if self.events or self._replies:
            return MUST_WAIT_S
        return self._time_away.settles_in_s()

    def ask_what_is_due(self) -> float:
        """Send the queries whose time has come; returns in how many seconds the next one is due."""
        self._take_up()
        now = time.monotonic()
        if self._bus.connected.is_set() and not self.events and not self._replies:
            for kind, round_ in self._rounds.items():
                if round_.ask_at <= now:
                    self._ask(kind, round_, now)
        due_at = min((round_.ask_at for round_ in self._rounds.values()), default=now + AUDIT_S)
        return max(0.0, due_at - now)

    @property
    def _room(self) -> int:
        """How many bytes a message may have, as far as the broker says it."""
        return self._bus.limits.packet_limit - FRAME_BYTES

    def _take_up(self) -> None:
        """Do what the network thread wants, and ask alone whose reply had no room."""
        while self._wanted:
            kind, is_lost = self._wanted.popleft()
            if is_lost and self._rounds[kind].waiting:
                self._sizes[kind].unanswered()
            self._rounds[kind].want()
        for source in self._replies.dropped():
            for kind, round_ in self._rounds.items():
                if topics.may_come_from(topics.role_of(source), kind):
                    round_.add(Ask(source))

    def _ask_ahead(self, kind: str, round_: Round, reply: Reply, now: float) -> None:
        """Ask for what follows, so that it is there when these events are finished.

        Where a page is cut the next one may have to be larger, or smaller: it is not asked for.
        """
        is_cut = reply.withheld or self._sizes[kind].within(self._room) < MOST_BYTES
        if not is_cut and round_.may_go_on and self._bus.connected.is_set():
            self._ask(kind, round_, now, reply)

    def _ask(self, kind: str, round_: Round, now: float, reply: Reply | None = None) -> None:
        known = self._cursors.known_producers(kind)
        if round_.waiting:
            self._give_up(kind, round_, round_.waiting, known)
        ask = round_.next(now)
        query = self._query(kind, ask, known, reply)
        if ask == Ask():
            self._heard.begin(kind, self._cursors.of_type(kind))
        round_.sent(ask, query, now)
        payload = query.encode()
        rounds = self._heard.rounds[kind]
        self._sent.add(Sent(kind, ask, query, len(payload), now, rounds))
        topic = self._bus.topics.query(self._source, kind)
        publish = partial(self._bus.publish, topic, payload, content_type=JSON)
        self._cursors.after_sync(publish)

    def _query(self, kind: str, ask: Ask, known: list[str], reply: Reply | None = None) -> Query:
        cursors = self._cursors.of_type(kind, ask.range)
        cursors = [one for one in cursors if one[:2] not in self._gone]
        settled = cursors[:0]
        if not ask.is_full:
            cursors, settled = divide(cursors, known, self._alive.sources)
        return query_page(
            uuid7(),
            cursors,
            known,
            max(self._since[kind], self._cursors.clock.unix_s() - YEAR_S),
            after=ask.range.after,
            until=ask.range.until,
            settled=settled,
            most=self._most,
            size=self._sizes[kind].within(self._room),
            events=self._most_events,
            received=received_with(reply),
        )

    def _give_up(self, kind: str, round_: Round, ask: Ask, known: Iterable[str]) -> None:
        """There was no reply: it was too large, or those that are there have nothing to say.

        Asked alone, a producer that knows this consumer replies in any case.
        """
        silent = self._silent(round_, known)
        if ask.source or not silent:
            self._sizes[kind].unanswered()
            return
        round_.waiting = None
        for source in silent:
            round_.add(Ask(source))

    def _silent(self, round_: Round, known: Iterable[str]) -> set[str]:
        """The producers that are there, and were not heard in this round."""
        return self._alive.sources.intersection(known) - round_.replied - {self._source}

    def _came(self, source: str) -> None:
        """In the network thread: a producer that has just become ready may have missed events."""
        if source != self._source:
            role = topics.role_of(source)
            kinds = [kind for kind in self._since if topics.may_come_from(role, kind)]
            self._wanted.extend((kind, True) for kind in kinds)
            self._wake()

    def _open(self, reply: Reply, sender: str, size: int) -> None:
        sent = self._sent.get(reply.request)
        if sent is None:
            log.debug("a reply that nobody asked for: not read")
            return
        check(reply, sent.kind, sender)
        round_ = self._rounds[sent.kind]
        self._alive.sources.add(sender)
        self._sizes[sent.kind].replied(max(size, sent.size))
        if reply.unsettled and not sent.ask.is_full:
            round_.add(sent.ask.follow(sender, sent.query.until, is_full=True))
        elif self._learn(reply, sent):
            self._follow(reply, sent, round_)
        else:
            round_.is_doubted = True
        now = time.monotonic()
        if round_.settle(sent.ask, now):
            self._end(sent.kind, round_, now)
        elif reply.more and reply.request == round_.request:  # else what it has is here already
            self._ask_ahead(sent.kind, round_, reply, now)

    def _learn(self, reply: Reply, sent: Sent) -> bool:
        """Write down what a reply says; gives whether all of it is believed."""
        heads = self._jumps.checked(reply, sent.query)
        self._withheld.check(reply, sent.query)
        seen = Range(sent.query.after, reply.until or sent.query.until)
        is_of_round = not sent.ask.is_narrow and sent.round == self._heard.rounds[sent.kind]
        is_whole = is_of_round and self._heard.is_whole(sent.kind, reply.source, seen)
        if is_whole:
            self._rounds[sent.kind].heard(reply.source)
        is_whole = (is_whole or seen.has_all_of(reply.source)) and len(heads) == len(reply.heads)
        self.doubts.confirm(heads, [event for event, _ in reply.events])
        was_known = reply.source in sent.query.known
        for lost in self._cursors.learn(
            reply.source, sent.kind, heads, is_whole=is_whole, was_known=was_known
        ):
            log.error("lost to the retention of %s before we could have it: %s", reply.source, lost)
        if is_whole and is_of_round:  # and written down
            self._heard.complete(sent.kind, reply.source)
        self._gone.note(reply)
        self.events.extend(reply.events)
        if reply.events:
            self._time_away.moved()
        return len(heads) == len(reply.heads)

    def _follow(self, reply: Reply, sent: Sent, round_: Round) -> None:
        """Ask the producer again where it has more, as long as that leads to anything."""
        size = self._sizes[sent.kind]
        may_come = bool(reply.withheld)
        if reply.withheld and size.is_largest(sent.query.most or MOST_BYTES, self._room):
            may_come = self._withheld.pass_over(reply)
            round_.is_doubted |= not may_come
        elif reply.withheld:
            size.want_more()
        if not reply.more and not may_come:
            return
        if self._sent.note_more(sent, reply.source):
            log.warning("%s has more for us, and never sends it: not asked for", reply.source)
            return
        round_.add(sent.ask.follow(reply.source, sent.query.until))

    def _end(self, kind: str, round_: Round, now: float) -> None:
        """All have been asked: those that do not reply are asked alone; else it rests."""
        if silent := self._silent(round_, self._cursors.known_producers(kind)):
            round_.wait_for(silent, now)
        else:
            self._time_away.is_known(kind)
            self._gone.end_round()
            self._cursors.forget_silent(kind, self._alive.sources)
