"""The catch-up: the query of a consumer that wants what it missed, and the reply of a producer.

A query carries a bounded number of cursors. A consumer that has more sends several queries, each
about a range of numberings: those behind `after`, up to and with `until`, in the order of their
stream and epoch as text. So a producer can tell a numbering that stands in another query from one
that the consumer does not know.

Each boot of a producer begins an epoch, so the numberings that are finished grow in number. A
consumer that has many does not name them all: `settled` carries one digest for each source, of
everything that it has in the range and does not name. Where the producer's own digest differs it
says `unsettled`, and the consumer names them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from hub.wire import topics
from hub.wire.codec import BadMessage, Message, Nullable, dump, entry
from hub.wire.entries import Flag, ListOf, Nested, Row, Seconds, Text, Whole
from hub.wire.event import Event, encode, from_wire
from hub.wire.streams import Numbering

CURSORS = 100  # in one query; at most about 25 kB of it
HEADS = 100  # in one reply
EVENTS = 200  # in one reply
EVENTS_UNASKED = 50  # where the query does not say how many
RECEIVED = 20  # in one query; of more numberings events are sent twice, and dropped
WITHHELD = 20  # in one reply
MANY = 10**15  # more events than a house will see
LEAST_BYTES = 1024  # of a reply: a press fits
MOST_BYTES = 196_608  # of a reply, and far below what we take from a broker

Cursor = tuple[str, str, int]

_STREAM = Text(220, pattern=r"[^ ]+ [^ ]+ [^ ]+", summary="Source, type and subject of events.")
_EPOCH = Text(16, pattern=r"[0-9a-f]{16}")
_PLACE = Row(Text(220), Text(16))  # between two numberings, or one itself
_NUMBER = Whole(0, MANY)
_REQUEST = Text(64, summary="Comes back in the reply.")
_DIGEST = Text(16, pattern=r"[0-9a-f]{16}")
_SOURCE = Text(96, pattern=rf"doorbell/[a-z]+/{topics.NAME}")


@dataclass(frozen=True, slots=True)
class Range:
    """Numberings in the order of their stream and epoch.

    Attributes:
        after: The last one before the range; None: it begins with the first.
        until: The last one in the range; None: it ends with the last.
    """

    after: Numbering | None = None
    until: Numbering | None = None

    @property
    def is_all(self) -> bool:
        """Whether every numbering is in it."""
        return self.after is None and self.until is None

    def has(self, numbering: Numbering) -> bool:
        """Whether this numbering is in it."""
        begins = self.after is None or self.after < numbering
        return begins and (self.until is None or numbering <= self.until)

    def has_some_of(self, source: str) -> bool:
        """Whether numberings of this source can be in it."""
        first, end = _ends(source)
        begins = self.after is None or self.after < end
        return begins and (self.until is None or first < self.until)

    def has_all_of(self, source: str) -> bool:
        """Whether every numbering of this source is in it."""
        first, end = _ends(source)
        begins = self.after is None or self.after <= first
        return begins and (self.until is None or end <= self.until)


def digest(cursors: Iterable[Cursor]) -> str:
    """A mark of a set of cursors, in whatever order: equal sets have equal marks."""
    total = 0
    for stream, epoch, sequence in cursors:
        text = f"{stream} {epoch} {sequence}".encode()
        total += int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
    return f"{total % 2**64:016x}"


def range_of(source: str) -> "Range":
    """All numberings of a source."""
    return Range(*_ends(source))


def _ends(source: str) -> tuple[Numbering, Numbering]:
    """What stands in front of every numbering of a source, and what stands behind them."""
    return (f"{source} ", ""), (f"{source}!", "")


@dataclass(frozen=True, slots=True)
class Query(Message):
    """What a consumer has, and what it wants.

    Attributes:
        request: Comes back in the reply.
        cursors: Of each numbering that it knows, the last sequence that it has finished.
        known: The sources that have replied before.
        since: From which Unix second on a source that is not known owes its events.
        after: The numberings before and with this one are not asked for.
        until: The numberings behind this one are not asked for.
        settled: For a source the digest of what the consumer has of it in the range, to the end,
            and does not name in `cursors`. What has begun in the source's present epoch is named.
        most: How many bytes of a reply get through; None: MOST_BYTES.
        events: How many events a reply may have; None: EVENTS_UNASKED, as in earlier versions.
        received: Of some numberings, the last sequence that the consumer has, and is working on.
            They need not be sent again now. Only the cursors say what it has finished.
    """

    MAX_BYTES = 65_536

    request: str = entry(_REQUEST)
    cursors: tuple[Cursor, ...] = entry(
        ListOf(
            Row(_STREAM, _EPOCH, _NUMBER),
            CURSORS,
            "Stream, epoch and the last sequence of it that is finished.",
        )
    )
    known: tuple[str, ...] = entry(
        ListOf(_SOURCE, CURSORS + 1, "Sources that have replied before.")
    )
    since: float = entry(
        Seconds(
            1e12, zero=True, summary="From this Unix second on, a source not known owes events."
        )
    )
    after: Numbering | None = entry(Nullable(_PLACE), default=None)
    until: Numbering | None = entry(Nullable(_PLACE), default=None)
    settled: tuple[tuple[str, str], ...] = entry(
        ListOf(
            Row(_SOURCE, _DIGEST),
            CURSORS + 1,
            "Source, and the digest of what the consumer has of it and does not name.",
        ),
        default=(),
    )
    most: int | None = entry(
        Whole(LEAST_BYTES, MOST_BYTES, "How many bytes a reply may have."), default=None
    )
    events: int | None = entry(
        Whole(1, MANY, f"How many events a reply may have; else {EVENTS_UNASKED}."), default=None
    )
    received: tuple[Cursor, ...] = entry(
        ListOf(
            Row(_STREAM, _EPOCH, _NUMBER),
            RECEIVED,
            "Stream, epoch and the last sequence of it that is there, and not finished yet.",
        ),
        default=(),
    )

    @property
    def range(self) -> Range:
        """What it asks about."""
        return Range(self.after, self.until)


class OwedEvent(NamedTuple):
    """An event in a reply, and the same as it is published."""

    event: Event
    payload: bytes


@dataclass(frozen=True, slots=True)
class Head(Message):
    """How far one numbering goes, and after which number a consumer is owed something.

    Attributes:
        after: The last sequence that the consumer is not owed, or that retention removed.
        last: The newest.
    """

    stream: str = entry(_STREAM)
    epoch: str = entry(_EPOCH)
    after: int = entry(Whole(0, MANY, "The last one that is not owed."))
    last: int = entry(Whole(0, MANY, "The newest there is."))


class _Events:
    """Events, inside a reply."""

    def read(self, value: Any) -> tuple[OwedEvent, ...]:
        """See Entry."""
        if not isinstance(value, list) or len(value) > EVENTS:
            raise BadMessage(f"is not a list of at most {EVENTS}")
        if not all(isinstance(one, dict) for one in value):
            raise BadMessage("holds something that is not an object")
        events = map(from_wire, value)
        return tuple(OwedEvent(event, encode(event)) for event in events)

    def write(self, value: Any) -> list[Any]:
        """See Entry. `Reply.encode_with` puts the events in as the journal has them."""
        return list(value)

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        event = {"$ref": "#/components/schemas/event"}
        return {"type": "array", "maxItems": EVENTS, "items": event}


@dataclass(frozen=True, slots=True)
class Reply(Message):
    """What a producer owes a consumer.

    Attributes:
        request: Of the query.
        source: The producer.
        heads: The numberings of which the consumer is owed something, or that it does not know.
        more: Whether more is owed than fits: the consumer asks again.
        gone: The numberings in the query that were the producer's, and of which nothing is left.
        until: How far it looked: the last numbering; None: to the end of what was asked.
        events: What is owed, oldest first.
        unsettled: The digest in the query is not the producer's: the consumer names its cursors.
        withheld: Events that are owed, and larger than the query lets a reply be.
    """

    MAX_BYTES = 262_144

    request: str = entry(_REQUEST)
    source: str = entry(_SOURCE)
    heads: tuple[Head, ...] = entry(ListOf(Nested(Head), HEADS))
    more: bool = entry(Flag("Ask again, there is more."))
    gone: tuple[Numbering, ...] = entry(
        ListOf(
            Row(_STREAM, _EPOCH),
            CURSORS,
            "Those of the query's numberings that were the producer's, and are no more.",
        )
    )
    events: tuple[OwedEvent, ...] = entry(_Events())
    until: Numbering | None = entry(Nullable(_PLACE), default=None)
    unsettled: bool = entry(Flag("Ask again, and name every cursor."), default=False)
    withheld: tuple[Cursor, ...] = entry(
        ListOf(
            Row(_STREAM, _EPOCH, _NUMBER),
            WITHHELD,
            "Events that are owed, and larger than a reply may be.",
        ),
        default=(),
    )

    def encode_with(self, events: Iterable[bytes]) -> bytes:
        """The reply for the wire, with these events as they were published."""
        wire = self.to_wire()
        del wire["events"]
        return dump(wire)[:-1] + b',"events":[' + b",".join(events) + b"]}"
