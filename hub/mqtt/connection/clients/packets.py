"""Reads and writes PUBLISH and PUBACK, the two packets that a house is full of.

The rest is left to paho. It takes two hundred calls for the properties of a packet (MQTT 5, 2.2.2),
which nothing here wants, and thirty to publish: that was half of what it took to hear an event.
"""

from typing import NamedTuple

PUBLISH, PUBACK = 0x30, 0x40  # MQTT 5, 2.1.2
TYPE = 0xF0
AT_LEAST_ONCE = 1  # the quality of service
HEAD_BYTES = 65_539  # of a PUBLISH at most: its topic and its number
_MORE = 0x80
_LENGTH_BYTES = 4


class MalformedPacketError(ValueError):
    """The broker sends what is no MQTT."""


class Publish(NamedTuple):
    """A PUBLISH packet, with the names that paho's messages have."""

    topic: str
    payload: bytes
    mid: int
    qos: int
    retain: bool
    dup: bool


def bounds(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Where the content of the packet at this place begins and ends, which may be still to come.

    None while its length has not come.

    Raises:
        MalformedPacketError: its length is none.
    """
    length, at = _number(data, start + 1)
    return None if at == 0 else (at, at + length)


def read_publish(header: int, content: bytes, *, is_mqtt5: bool) -> Publish:
    """Read a PUBLISH packet (MQTT 5, 3.3); what is in its properties is passed over.

    Raises:
        MalformedPacketError: it is shorter than it says.
    """
    at = 2 + int.from_bytes(content[:2], "big")
    topic = content[2:at].decode("utf-8", "replace")
    qos = header >> 1 & 3
    mid = 0
    if qos:
        mid = int.from_bytes(content[at : at + 2], "big")
        at += 2
    if is_mqtt5:
        length, at = _number(content, at)
        at += length
    if not 0 < at <= len(content):
        raise MalformedPacketError("a PUBLISH is too short")
    return Publish(topic, content[at:], mid, qos, bool(header & 1), bool(header & 8))


def publish(name: bytes, payload: bytes, number: int, *, retain: bool, properties: bytes) -> bytes:
    """A PUBLISH packet with QoS 1 (MQTT 5, 3.3).

    Args:
        name: The topic where it goes, in UTF-8.
        payload: What it carries.
        number: Of the packet, 1 to 65,535.
        retain: Whether the broker is to keep it.
        properties: With their length; empty before MQTT 5.
    """
    size = len(name) + len(properties) + len(payload) + 4
    return b"".join(
        (
            bytes((PUBLISH | AT_LEAST_ONCE << 1 | retain,)),
            _length(size),
            len(name).to_bytes(2, "big"),
            name,
            number.to_bytes(2, "big"),
            properties,
            payload,
        )
    )


def puback(number: int) -> bytes:
    """A PUBACK packet that takes the message of this number (MQTT 5, 3.4)."""
    return (PUBACK << 24 | 2 << 16 | number).to_bytes(4, "big")


def read_puback(content: bytes) -> tuple[int, int]:
    """The number and the reason code of a PUBACK packet (MQTT 5, 3.4).

    Raises:
        MalformedPacketError: it is too short.
    """
    if len(content) < 2:  # noqa: PLR2004 - the number has two bytes
        raise MalformedPacketError("a PUBACK is too short")
    return int.from_bytes(content[:2], "big"), content[2] if content[2:] else 0


def _length(number: int) -> bytes:
    """A Variable Byte Integer (MQTT 5, 1.5.5)."""
    made = bytearray()
    while number > ~_MORE & 0xFF:
        made.append(number & ~_MORE & 0xFF | _MORE)
        number >>= 7
    made.append(number)
    return bytes(made)


def _number(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """A Variable Byte Integer (MQTT 5, 1.5.5), and where it ends; 0 while that is not there."""
    number = 0
    for place in range(_LENGTH_BYTES):
        if at >= len(data):
            return 0, 0
        byte = data[at]
        at += 1
        number |= (byte & ~_MORE) << 7 * place
        if byte < _MORE:
            return number, at
    raise MalformedPacketError("a length has more than four bytes")
