"""An event as a record of Kafka: CloudEvents' Kafka binding, in binary content mode.

Each attribute is a header `ce_NAME`, the data is the value, and the key is the attribute
`partitionkey`: the house and the door. So what happens at one door stays in order.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

PREFIX = "ce_"
CONTENT_TYPE = "content-type"
STRUCTURED = "application/cloudevents"
KEY = "partitionkey"
Headers = tuple[tuple[str, bytes], ...]


class BadRecordError(ValueError):
    """A record that is no event of a house. Its text says why, and never quotes the record."""


class Record(NamedTuple):
    """One event, ready for Kafka.

    Attributes:
        key: House and door, like `cottage/front`.
        value: The data, as JSON.
        headers: The attributes.
    """

    key: str
    value: bytes
    headers: Headers


def key_of(house: str, subject: str) -> str:
    """The key of the events of one door."""
    return f"{house}/{subject}"


def house_of(key: str) -> str:
    """The house in a key.

    Raises:
        BadRecordError: it is no key of ours.
    """
    house, slash, subject = key.rpartition("/")
    if not (house and slash and subject):
        raise BadRecordError("its key is not HOUSE/DOOR")
    return house


def to_record(payload: bytes, house: str) -> Record:
    """Make a record of an event in structured mode, as it is on MQTT.

    See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
    (3.2, binary content mode).
    """
    wire = json.loads(payload)
    key = key_of(house, wire["subject"])
    data = json.dumps(wire.pop("data"), ensure_ascii=False, separators=(",", ":")).encode()
    content_type = wire.pop("datacontenttype")
    attributes = {**wire, KEY: key}
    headers = tuple((PREFIX + name, str(value).encode()) for name, value in attributes.items())
    return Record(key, data, ((CONTENT_TYPE, content_type.encode()), *headers))


def from_record(value: bytes, headers: Iterable[tuple[str, bytes]]) -> bytes:
    """The event in structured mode, from a record in either mode (3.1 names both).

    Raises:
        BadRecordError: it is no event.
    """
    try:
        found = {name.lower(): text.decode() for name, text in headers}
        if found.get(CONTENT_TYPE, "").startswith(STRUCTURED):
            return value
        attributes = {
            name.removeprefix(PREFIX): text
            for name, text in found.items()
            if name.startswith(PREFIX)
        }
        wire = {**attributes, "datacontenttype": found.get(CONTENT_TYPE, "application/json")}
        return json.dumps({**wire, "data": json.loads(value or b"{}")}).encode()
    except (ValueError, AttributeError, RecursionError):
        raise BadRecordError("it is neither binary nor structured content mode") from None
