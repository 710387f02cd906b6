"""Divides the cursors of a consumer into queries: a bounded number in each, in order."""

from collections.abc import Iterable, Sequence

from hub.wire import streams
from hub.wire.query import CURSORS, Cursor, Numbering, Query, Range


def query_page(
    request: str,
    cursors: Iterable[Cursor],
    known: Sequence[str],
    since: float,
    *,
    after: Numbering | None,
    most: int = CURSORS,
) -> Query:
    """The query about what stands behind `after`.

    The sources that have replied count like cursors, so that their number in a query is bounded,
    too. The numberings of a source that has not replied yet stay together where they can: only
    replies about all of them make it known.

    Args:
        request: Comes back in the reply.
        cursors: All that the consumer has of this type.
        known: The sources that have replied before.
        since: From which Unix second on other sources owe their events.
        after: Where the query begins; None: with the first.
        most: How many cursors it may hold.
    """
    behind = Range(after)
    places = {(stream, epoch): sequence for stream, epoch, sequence in cursors}
    marks = {(f"{source} ", "") for source in known}
    numberings = sorted(place for place in (places.keys() | marks) if behind.has(place))
    end = _end(numberings, known, most)
    until = _until(numberings, end)
    asked = Range(after, until)
    return Query(
        request=request,
        cursors=tuple((*place, places[place]) for place in numberings[:end] if place in places),
        known=tuple(sorted(source for source in known if asked.has_some_of(source))),
        since=since,
        after=after,
        until=until,
    )


def _until(numberings: Sequence[Numbering], end: int) -> Numbering | None:
    """Where a query ends that holds so many of these numberings; None: with the last there is.

    Between two sources it ends in front of the second one, so that it is about all of the first.
    """
    if end == len(numberings):
        return None
    last, following = numberings[end - 1], numberings[end]
    source = streams.source_of(following[0])
    if streams.source_of(last[0]) == source:
        return last
    return f"{source} ", ""


def _end(numberings: Sequence[Numbering], known: Sequence[str], most: int) -> int:
    """How many of these numberings a query holds."""
    if len(numberings) <= most:
        return len(numberings)
    source = streams.source_of(numberings[most][0])
    if source in known:
        return most
    end = most
    while end and streams.source_of(numberings[end - 1][0]) == source:
        end -= 1
    return end or most
