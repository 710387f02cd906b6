"""The queries of a consumer for one event type: one after another, once round, and rest."""

from collections import deque
from collections.abc import Collection
from dataclasses import replace

from hub.consumer.catchup.queries.paging import Ask
from hub.wire.query import Query

AUDIT_S = 60.0  # a broker that silently dropped the last event of a stream is noticed after so long
UNANSWERED_S = 2.0
LATE_S = 0.25  # the replies to one query come within so long
DOUBT_S = 4.0  # to the next round, where a reply has to be repeated
TRIES = 3  # of one query, before the others go on without its reply
NARROW = 10  # streams that wait to be asked about alone; if there are more, a round has all of them
ASKS = 1000  # that wait; more are left to the next round


class Round:
    """What is still to be asked, and what waits for a reply. Used by the consumer's thread alone.

    A round begins with a query to all producers, or several where there are many cursors. Then
    follow queries to single ones: those that have more, or did not reply. What is asked about one
    stream goes before, and is no part of a round: neither begins one with it, nor is one put off.

    Attributes:
        ask_at: When the next query is due, in monotonic seconds.
        request: The last query; empty before the first.
        waiting: What it is about; None when it had a reply.
        asks: What follows.
        is_wanted: Whether something has happened that makes another round due.
        replied: The sources of which all was heard in this round, or that were asked alone.
        is_doubted: Whether a reply is not believed before it is repeated in another round.
    """

    def __init__(self) -> None:
        self.ask_at = 0.0
        self.request = ""
        self.waiting: Ask | None = None
        self.asks: deque[Ask] = deque()
        self.is_wanted = True
        self.replied: set[str] = set()
        self.is_doubted = False
        self._narrow: deque[Ask] = deque()
        self._late: set[str] = set()  # sources that are asked alone, unless they reply before
        self._late_at = 0.0
        self._rest: Ask | None = None  # what the last query had no room for
        self._is_under_way = False
        self._rest_until = 0.0  # when the next round is due
        self._patience_s = UNANSWERED_S

    def want(self) -> None:
        """Ask at once, the last query again if it has no reply yet; and then another round.

        A reply to its first sending counts, too: else one that is wanted often would never go on.
        """
        if self.waiting:
            self.asks.appendleft(self.waiting)
            self.waiting = self._rest = None
        self.is_wanted = True
        self._patience_s = UNANSWERED_S
        self.ask_at = 0.0

    def add(self, ask: Ask) -> None:
        """Ask this, too, soon."""
        if ask.is_narrow and ask not in self._narrow and len(self._narrow) >= NARROW:
            self.is_wanted = True
            return
        asks = self._narrow if ask.is_narrow else self.asks
        if ask not in asks and len(asks) < ASKS:
            asks.append(ask)
            self._is_under_way |= not ask.is_narrow  # a round ends with its last query
            if not self.waiting:
                self.ask_at = 0.0

    def wait_for(self, sources: Collection[str], now: float) -> None:
        """The round ends with the replies of these; they are asked alone, unless it comes soon."""
        self._late.update(sources)
        self._is_under_way = True
        self._late_at = now + LATE_S
        self.ask_at = 0.0 if self.is_wanted else self._late_at

    def heard(self, source: str) -> None:
        """All that this source has was heard in this round, or it is asked alone for all of it."""
        self.replied.add(source)
        self._late.discard(source)

    def next(self, now: float) -> Ask:
        """What is asked now; a query without a reply is asked again, after the others."""
        if self.waiting:
            again = replace(self.waiting, tries=self.waiting.tries + 1)
            if again.tries < TRIES:
                self.asks.append(again)
            self.waiting = None
        if self._rest:
            self.asks.appendleft(self._rest)
            self._rest = None
        if self._narrow and not self.is_wanted:
            return self._narrow.popleft()
        if self._late and (now >= self._late_at or not self.asks):
            source = min(self._late)
            self._late.discard(source)
            return Ask(source)
        if self.asks:
            return self.asks.popleft()
        self._narrow.clear()  # the round has them, too
        self._is_under_way = True
        self.replied.clear()
        self.is_doubted = False
        return Ask()

    def sent(self, ask: Ask, query: Query, now: float) -> None:
        """It was asked; what the query had no room for follows next."""
        self.waiting = ask
        self.request = query.request
        if ask.source and ask.range.has_all_of(ask.source):
            self.heard(ask.source)
        if ask == Ask():
            self.is_wanted = False
        if query.until != ask.range.until:
            self._rest = replace(ask, after=query.until, tries=0)
        self.ask_at = now + UNANSWERED_S
        if not (self._has_more or self._late):
            self.ask_at = now + self._patience_s
            self._patience_s = min(self._patience_s * 2, AUDIT_S)

    def settle(self, ask: Ask, now: float) -> bool:
        """A reply to this was read; gives whether it ends the round, as far as is known now."""
        if ask == self.waiting:
            self.waiting = None
            self._patience_s = UNANSWERED_S
        elif self.waiting or not self._is_under_way:
            return False
        if self._has_more or self._late:
            self.ask_at = 0.0 if self._has_more or self.is_wanted else self._late_at
            return False
        has_ended = self._is_under_way
        if has_ended:
            self._is_under_way = False
            self._rest_until = now + (DOUBT_S if self.is_doubted else AUDIT_S)
        self.ask_at = 0.0 if self.is_wanted else self._rest_until
        return has_ended

    @property
    def may_go_on(self) -> bool:
        """Whether no reply is waited for, and more is to be asked in this round."""
        return self.waiting is None and self._has_more

    @property
    def _has_more(self) -> bool:
        return bool(self.asks or self._narrow or self._rest)

    @property
    def is_going_on(self) -> bool:
        """Whether a query has no reply yet, or is still to be sent."""
        return self.is_wanted or self.waiting is not None or self._has_more or bool(self._late)
