"""JSON messages as declared types: each field says what it may hold.

A message is a frozen dataclass that derives from `Message`; `entry` declares what a field may hold,
for the codec and for the AsyncAPI document. The event, the hot path, has a codec of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, field, fields
from typing import Any, ClassVar, Protocol, Self

JSON = "application/json"


class BadMessage(ValueError):  # noqa: N818 - in the field's words, like BadRequest
    """A message that is not what its topic announces.

    Its text says why, and never quotes the message.
    """


class Entry(Protocol):
    """What may stand in a field."""

    def read(self, value: Any) -> Any:
        """The value as the program uses it.

        Raises:
            BadMessage: it may not stand here.
        """

    def write(self, value: Any) -> Any:
        """The value as JSON has it."""

    def schema(self) -> dict[str, Any]:
        """The same as a JSON schema."""


def entry(kind: Entry, *, default: Any = MISSING) -> Any:
    """Declare a field of a message."""
    if default is MISSING:
        return field(metadata={"entry": kind})
    return field(metadata={"entry": kind}, default=default)


class Message:
    """A message in JSON.

    Attributes:
        MAX_BYTES: What is longer is refused unread.
    """

    __slots__ = ()
    MAX_BYTES: ClassVar[int] = 8192

    def encode(self) -> bytes:
        """The message for the wire; an optional field that has no value is left out."""
        return dump(self.to_wire())

    def to_wire(self) -> dict[str, Any]:
        """The message as a JSON object."""
        wire = {}
        for name, kind in entries(type(self)).items():
            value = getattr(self, name)
            if value is not None or isinstance(kind, Nullable):
                wire[name] = kind.write(value)
        return wire

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read the message from the wire; fields that it does not have are ignored.

        Raises:
            BadMessage: whatever is wrong with it.
        """
        return cls.from_wire(load_object(payload, cls.MAX_BYTES))

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read the message from its JSON object.

        Raises:
            BadMessage: a field is missing, or is not what it must be.
        """
        values = {}
        for name, kind in entries(cls).items():
            if name in wire:
                try:
                    values[name] = kind.read(wire[name])
                except BadMessage as error:
                    raise BadMessage(f"{name} {error}") from None
        missing = [name for name in required(cls) if name not in values]
        if missing:
            raise BadMessage(f"{missing[0]} is missing")
        return cls(**values)


def entries(message: type[Message]) -> dict[str, Entry]:
    """What may stand in each field of a message."""
    return {one.name: one.metadata["entry"] for one in fields(message) if one.metadata}  # type: ignore[arg-type]


def required(message: type[Message]) -> list[str]:
    """The fields that no message may lack."""
    return [
        one.name
        for one in fields(message)  # type: ignore[arg-type]
        if one.metadata and one.default is MISSING
    ]


class Nullable:
    """Something, or null."""

    def __init__(self, inner: Entry) -> None:
        self._inner = inner

    def read(self, value: Any) -> Any:
        """See Entry."""
        return None if value is None else self._inner.read(value)

    def write(self, value: Any) -> Any:
        """See Entry."""
        return None if value is None else self._inner.write(value)

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        return {"anyOf": [self._inner.schema(), {"type": "null"}]}


def load_object(payload: bytes, limit: int) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        BadMessage: it is too long, or none.
    """
    if len(payload) > limit:
        raise BadMessage(f"larger than {limit} bytes")
    try:
        wire = json.loads(payload)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    if not isinstance(wire, dict):
        raise BadMessage("not a JSON object")
    return wire


def is_json(payload: bytes) -> bool:
    """Whether it is JSON of any kind."""
    try:
        json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return True


def dump(wire: Mapping[str, Any]) -> bytes:
    """JSON without spaces, in UTF-8."""
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
