"""What a broker says in its CONNACK that it takes. It is obeyed: else it ends the connection."""

from typing import Any, NamedTuple

# More than a page of old events has; a giant message must not fill every process.
MAXIMUM_PACKET_SIZE = 262_144
UNLIMITED = 65_535  # MQTT 5, 3.2.2.3.3: what holds when the broker says nothing


class Limits(NamedTuple):
    """The limits of a broker. The defaults are those of one that says nothing.

    Attributes:
        receive_maximum: How many unacknowledged messages it takes (MQTT 5, 3.2.2.3.3).
        packet_limit: How many bytes in one packet, as far as we read them (3.2.2.3.6).
        qos: The highest quality of service that we may use, 0 or 1 (3.2.2.3.4).
        keeps: Whether it keeps retained messages (3.2.2.3.5).
    """

    receive_maximum: int = UNLIMITED
    packet_limit: int = MAXIMUM_PACKET_SIZE
    qos: int = 1
    keeps: bool = True


def limits_in(connack: Any) -> Limits:
    """Read the properties of a CONNACK; None before MQTT 5, which has none."""
    size = getattr(connack, "MaximumPacketSize", MAXIMUM_PACKET_SIZE)
    return Limits(
        getattr(connack, "ReceiveMaximum", UNLIMITED),
        min(size, MAXIMUM_PACKET_SIZE),
        min(1, getattr(connack, "MaximumQoS", 1)),
        bool(getattr(connack, "RetainAvailable", 1)),
    )
