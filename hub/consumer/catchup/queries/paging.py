"""Divides the cursors of a consumer into queries: bounded in number and bytes, in order."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from hub.wire import streams
from hub.wire.query import (
    CURSORS,
    EVENTS,
    LEAST_BYTES,
    MOST_BYTES,
    RECEIVED,
    Cursor,
    Query,
    Range,
    Reply,
    digest,
    range_of,
)
from hub.wire.streams import Numbering

RECENT_EPOCHS = 2  # of a source, whose cursors are named
UNHEARD_CURSORS = 20  # that are named of a source that is away
FRAME_BYTES = 400  # of a query, without what is counted below
BEHIND_EPOCHS = "~"  # as text, it stands behind each of them
ENTRY_BYTES = 48  # of a cursor beside its stream; of a source beside its two names


@dataclass(frozen=True, slots=True)
class Ask:
    """A part of a round: what one query, or the first of several, is to be about.

    Attributes:
        source: Whose numberings; empty: those of all.
        after: It begins behind this one; None: with the first.
        until: It ends with this one; None: with the last.
        is_full: Whether every cursor is named.
        is_narrow: Whether it is about one stream, and no part of a round.
        tries: How often it had no reply.
    """

    source: str = ""
    after: Numbering | None = None
    until: Numbering | None = None
    is_full: bool = False
    is_narrow: bool = False
    tries: int = field(default=0, compare=False)

    @property
    def range(self) -> Range:
        """What it is about."""
        if not self.source:
            return Range(self.after, self.until)
        whole = range_of(self.source)
        return Range(self.after or whole.after, self.until or whole.until)

    def follow(self, source: str, until: Numbering | None, *, is_full: bool = False) -> "Ask":
        """The same once more, for one source, as far as a query has come that ended there."""
        whole = range_of(source)
        begin, end = self.range.after, until or self.range.until
        after = begin if begin and whole.has(begin) else None
        until = end if end and whole.has(end) else None
        return Ask(source, after, until, is_full or self.is_full, self.is_narrow)


def about(stream: str) -> Ask:
    """All numberings of one stream."""
    return Ask(streams.source_of(stream), (stream, ""), (stream, BEHIND_EPOCHS), is_narrow=True)


def divide(
    cursors: Sequence[Cursor], known: Collection[str], alive: Collection[str]
) -> tuple[list[Cursor], list[Cursor]]:
    """Those cursors that a query names, and those of which it has a digest only.

    Args:
        cursors: All that the consumer has of a type, the last moved first.
        known: The sources that have replied before: a digest tells them something.
        alive: The sources that are there. Of another one not much is named, or a removed handler
            would cost pages to which nobody replies.
    """
    if len(cursors) <= CURSORS:
        return list(cursors), []
    named: list[Cursor] = []
    settled: list[Cursor] = []
    for source, group in groupby(
        sorted(cursors, key=_source),
        key=_source,  # a stable sort: still the last moved first
    ):
        own = list(group)
        epochs = list(dict.fromkeys(epoch for _, epoch, _ in own))[:RECENT_EPOCHS]
        recent = [cursor for cursor in own if cursor[1] in epochs]
        if source not in known:
            named += own
        elif source in alive or len(recent) <= UNHEARD_CURSORS:
            named += recent
            settled += [cursor for cursor in own if cursor[1] not in epochs]
        else:
            settled += own
    return named, settled


def query_page(
    request: str,
    cursors: Iterable[Cursor],
    known: Sequence[str],
    since: float,
    *,
    after: Numbering | None,
    until: Numbering | None = None,
    settled: Iterable[Cursor] = (),
    most: int = CURSORS,
    size: int = Query.MAX_BYTES,
    events: int = EVENTS,
    received: Sequence[Cursor] = (),
) -> Query:
    """The query about what stands behind `after`.

    The sources that have replied count like cursors, so that their number in a query is bounded,
    too. The numberings of a source that has not replied yet stay together where they can: only
    replies about all of them make it known.

    Args:
        request: Comes back in the reply.
        cursors: Those that are named, of all that the consumer has of this type.
        known: The sources that have replied before.
        since: From which Unix second on other sources owe their events.
        after: Where the query begins; None: with the first.
        until: Where it ends at the latest; None: with the last.
        settled: The cursors that are not named.
        most: How many cursors it may hold.
        size: How many bytes it may have, and a reply to it. One cursor is in it in any case.
        events: How many a reply may have.
        received: What the consumer has and has not finished.
    """
    whole = Range(after, until)
    places = {(stream, epoch): sequence for stream, epoch, sequence in cursors}
    marks = {(f"{source} ", "") for source in known}
    numberings = sorted(place for place in (places.keys() | marks) if whole.has(place))
    end = _end(numberings, known, _fitting(numberings, most, size))
    last = _until(numberings, end) or until
    asked = Range(after, last)
    named = tuple(sorted(source for source in known if asked.has_some_of(source)))
    return Query(
        request=request,
        cursors=tuple((*place, places[place]) for place in numberings[:end] if place in places),
        known=named,
        since=since,
        after=after,
        until=last,
        settled=_digests(named, [one for one in settled if asked.has(one[:2])]),
        most=max(LEAST_BYTES, min(size, MOST_BYTES)),
        events=events,
        received=tuple(received[:RECEIVED]),
    )


def received_with(reply: Reply | None) -> list[Cursor]:
    """Of each numbering that a reply has events of, the last sequence."""
    if reply is None:
        return []
    last = {event.numbering: event.sequence for event, _ in reply.events}
    return [(*numbering, sequence) for numbering, sequence in last.items()]


def is_same(one: Query, other: Query) -> bool:
    """Whether a query says the same as another one, and lets the reply be no larger."""
    same = one.range == other.range and one.cursors == other.cursors
    same = same and one.settled == other.settled and one.received == other.received
    return same and one.most == other.most


def _digests(known: Iterable[str], settled: Iterable[Cursor]) -> tuple[tuple[str, str], ...]:
    by_source: dict[str, list[Cursor]] = {}
    for cursor in settled:
        by_source.setdefault(_source(cursor), []).append(cursor)
    return tuple((one, digest(by_source[one])) for one in known if one in by_source)


def _source(cursor: Cursor) -> str:
    return streams.source_of(cursor[0])


def _fitting(numberings: Sequence[Numbering], most: int, size: int) -> int:
    """How many of the first numberings fit into a query, at least one."""
    room = size - FRAME_BYTES
    for count, (stream, _) in enumerate(numberings):
        room -= 2 * len(stream) + ENTRY_BYTES
        if count and (count == most or room < 0):
            return count
    return len(numberings)


def _until(numberings: Sequence[Numbering], end: int) -> Numbering | None:
    """Where a query ends that holds so many of these numberings; None: with the last there is.

    Between two sources it ends in front of the second one, so that it is about all of the first;
    and so between two streams.
    """
    if end == len(numberings):
        return None
    last, following = numberings[end - 1], numberings[end]
    source = streams.source_of(following[0])
    if streams.source_of(last[0]) != source:
        return f"{source} ", ""
    return last if last[0] == following[0] else (following[0], "")


def _end(numberings: Sequence[Numbering], known: Sequence[str], most: int) -> int:
    """How many of these numberings a query holds.

    Those of one stream stay together where they can: a reply has what is owed of an older one
    before what is owed of a newer one.
    """
    if len(numberings) <= most:
        return len(numberings)
    stream = numberings[most][0]
    source = streams.source_of(stream)
    of_others = [number for number in range(most) if numberings[number][0] != stream]
    if source not in known:
        foreign = [one for one in of_others if streams.source_of(numberings[one][0]) != source]
        of_others = foreign or of_others
    return of_others[-1] + 1 if of_others else most
