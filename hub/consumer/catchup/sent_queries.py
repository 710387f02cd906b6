"""The last queries of a consumer: a reply to another one is not read."""

from typing import NamedTuple

from hub.consumer.catchup.paging import Ask
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

    def add(self, sent: Sent) -> None:
        """Remember it, and forget the oldest one where there are too many."""
        self._sent[sent.query.request] = sent
        if len(self._sent) > QUERIES:
            del self._sent[next(iter(self._sent))]

    def get(self, request: str) -> Sent | None:
        """The query of this request, if it is known."""
        return self._sent.get(request)
