"""The streams: events are numbered by source, type and subject, wherever they are published.

A stream is written as `SOURCE TYPE SUBJECT`, like `doorbell/hub/home doorbell.pressed front`. None
of the three holds a space. It is the key of journals and cursors; a topic is only an address.
"""

from hub.wire.topics import EVERY

Numbering = tuple[str, str]  # a stream and an epoch
Key = tuple[str, str, int]  # of an event: its numbering, and its sequence there
_PARTS = 3


def of(source: str, kind: str, subject: str) -> str:
    """The stream of the events of one type that one source tells of one subject."""
    return f"{source} {kind} {subject}"


def parts(stream: str) -> tuple[str, str, str]:
    """Source, type and subject of a stream.

    Raises:
        ValueError: it does not have three parts.
    """
    source, kind, subject = stream.split(" ")
    return source, kind, subject


def source_of(stream: str) -> str:
    """The source of a stream."""
    return stream.partition(" ")[0]


def type_of(stream: str) -> str:
    """The event type of a stream; empty when the text is no stream."""
    found = stream.split(" ")
    return found[1] if len(found) == _PARTS else ""


def subject_of(stream: str) -> str:
    """The subject of a stream."""
    return stream.rpartition(" ")[2]


def is_of(stream: str, kind: str) -> bool:
    """Whether the events of a stream are of this type; `*` is every type."""
    found = type_of(stream)
    return bool(found) and kind in (found, EVERY)
