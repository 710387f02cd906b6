"""What the bus carries, and what it is told to listen to."""

from collections.abc import Callable
from dataclasses import dataclass


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
    """A filter that this process listens to.

    Attributes:
        topic_filter: With the wildcards of MQTT.
        receive: Called with each message.
        qos: The quality of service.
        own: Whether it wants what this process itself publishes.
    """

    topic_filter: str
    receive: Receive
    qos: int
    own: bool = True


@dataclass(frozen=True, slots=True)
class Will:
    """The message that the broker publishes for a process that vanishes."""

    topic: str
    payload: bytes
