"""What the bus carries, and what it is told to listen to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAXIMUM_PACKET_SIZE = (
    262_144  # more than a page of old events; a giant message must not fill every process
)
UNLIMITED = 65_535  # MQTT 5, 3.2.2.3.3: what holds when the broker says nothing


@dataclass(frozen=True, slots=True)
class Message:
    """A message that came in.

    The broker keeps it until `ack` is called; after a reconnect `ack` does nothing.

    Attributes:
        is_duplicate: Whether its sender marked it as sent before (DUP: MQTT 5, 3.3.1.1). A broker
            may pass on the mark of the first sender, whose message it never had.
    """

    topic: str
    payload: bytes
    retained: bool
    ack: Callable[[], None]
    is_duplicate: bool = False


Receive = Callable[[Message], None]
Call = Callable[[], None]
OnPublished = Callable[[int, bool], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A filter that this process listens to."""

    topic_filter: str
    receive: Receive
    qos: int


@dataclass(frozen=True, slots=True)
class Will:
    """The message that the broker publishes for a process that vanishes."""

    topic: str
    payload: bytes


def limits(connack: Any) -> tuple[int, int]:
    """What the broker takes: how many unacknowledged messages, and how many bytes in one packet.

    Args:
        connack: The properties of its CONNACK (MQTT 5, 3.2.2.3.3 and 3.2.2.3.6); None before 5.
    """
    size = getattr(connack, "MaximumPacketSize", MAXIMUM_PACKET_SIZE)
    return getattr(connack, "ReceiveMaximum", UNLIMITED), min(size, MAXIMUM_PACKET_SIZE)
