"""The last queries of a consumer: a reply to another one is not read."""

import time
from typing import NamedTuple

from hub.consumer.catchup.queries.paging import Ask, is_same
from hub.wire.query import Query

QUERIES = 64


class Sent(NamedTuple):
    """A query that was sent.

    Attributes:
        kind: The event type.
        ask: What it was to be about.
        query: What was sent.
        size: How many bytes it had.
        at_s: When it was sent, in monotonic seconds.
        round: How many rounds of this type had begun.
    """

    kind: str
    ask: Ask
    query: Query
    size: int
    at_s: float
    round: int


class SentQueries:
    """Remembers the last ones, by their request."""

    def __init__(self) -> None:
        self._sent: dict[str, Sent] = {}
        # When more was owed, by type and source: the query, and when its reply came.
        self._had_more: dict[tuple[str, str], tuple[Query, float]] = {}

    def add(self, sent: Sent) -> None:
        """Remember it, and forget the oldest one where there are too many."""
        self._sent[sent.query.request] = sent
        if len(self._sent) > QUERIES:
            del self._sent[next(iter(self._sent))]

    def get(self, request: str) -> Sent | None:
        """The query of this request, if it is known."""
        return self._sent.get(request)

    def note_more(self, sent: Sent, source: str) -> bool:
        """A reply says that more is owed; gives whether the last such reply was to the same query.

        Then the source never sends it.
        """
        key = sent.kind, source
        before, came_s = self._had_more.get(key, (None, 0.0))
        self._had_more[key] = sent.query, time.monotonic()
        return before is not None and sent.at_s > came_s and is_same(before, sent.query)
