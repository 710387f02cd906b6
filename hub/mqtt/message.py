"""What the bus carries, and what it is told to listen to."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What came in. It stays the broker's until `ack` is called; after a reconnect that does nothing."""

    topic: str
    payload: bytes
    retained: bool
    ack: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody here listens to."""

    topic_filter: str
    receive: Callable[[Message], None]
    qos: int


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish."""

    topic: str
    payload: bytes
