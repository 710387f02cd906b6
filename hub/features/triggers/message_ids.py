"""Ids of events that remember which message they come from."""

import hashlib
import time
import uuid

TIME_BITS = 12  # below a millisecond
DIGITS = 16


def id_of(topic: str, payload: bytes) -> str:
    """A new id: the time, and a digest of the message (UUIDv8: RFC 9562, 5.8).

    It sorts by time like a UUIDv7. In place of what is random there it has the digest: a message
    that the broker delivers once more is recognised by the id of its event, which is journaled with
    it in one step.
    """
    milliseconds, below_ns = divmod(time.time_ns(), 1_000_000)
    below = (below_ns << TIME_BITS) // 1_000_000
    value = (milliseconds << 80) | (8 << 76) | (below << 64) | int(_tail(topic, payload), 16)
    return str(uuid.UUID(int=value))


def is_of(event_id: str, topic: str, payload: bytes) -> bool:
    """Whether the id was made from such a message."""
    return event_id.replace("-", "")[-DIGITS:] == _tail(topic, payload)


def _tail(topic: str, payload: bytes) -> str:
    """The last 64 bits: the variant (10) and the digest."""
    digest = hashlib.blake2b(topic.encode() + b"\0" + payload, digest_size=8).digest()
    return f"{(0b10 << 62) | (int.from_bytes(digest) >> 2):0{DIGITS}x}"
