"""What the fields of messages may hold: texts, numbers, choices, lists. See `hub.wire.codec`."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hub.system.clock import rfc3339
from hub.wire.codec import BadMessage, Entry, Message, entries, required


class _Plain:
    """What JSON writes as it is."""

    def __init__(self, summary: str = "") -> None:
        self._summary = summary

    def write(self, value: Any) -> Any:
        """See Entry."""
        return value

    def _described(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema | {"description": self._summary} if self._summary else schema


class Text(_Plain):
    """A text.

    Args:
        most: Its greatest length, in characters.
        least: Its least length.
        pattern: A regular expression for all of it.
        printable: Whether control characters are refused.
        summary: What it means.
    """

    def __init__(
        self,
        most: int,
        *,
        least: int = 0,
        pattern: str = "",
        printable: bool = True,
        summary: str = "",
    ) -> None:
        super().__init__(summary)
        self._most = most
        self._least = least
        self._printable = printable
        self._pattern = pattern
        self._expression = re.compile(pattern) if pattern else None

    def read(self, value: Any) -> str:
        """See Entry."""
        if not isinstance(value, str) or not self._least <= len(value) <= self._most:
            raise BadMessage(f"is not a text of {self._least} to {self._most} characters")
        if self._printable and not value.isprintable():
            raise BadMessage("has control characters")
        if self._expression and not self._expression.fullmatch(value):
            raise BadMessage("is malformed")
        return value

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        found: dict[str, Any] = {"type": "string", "maxLength": self._most}
        if self._least:
            found["minLength"] = self._least
        if self._pattern:
            found["pattern"] = f"^(?:{self._pattern})$"
        return self._described(found)


UUID = r"[0-9a-f-]{36}"
COMMAND_ID = Text(
    36, pattern=UUID, summary="Becomes the id of the event; the same command twice is one event."
)


class Flag(_Plain):
    """True or false."""

    def read(self, value: Any) -> bool:
        """See Entry."""
        if not isinstance(value, bool):
            raise BadMessage("is neither true nor false")
        return value

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        return self._described({"type": "boolean"})


class Whole(_Plain):
    """A whole number from `least` to `most`."""

    def __init__(self, least: int, most: int, summary: str = "") -> None:
        super().__init__(summary)
        self._least = least
        self._most = most

    def read(self, value: Any) -> int:
        """See Entry."""
        if type(value) is not int or not self._least <= value <= self._most:
            raise BadMessage(f"is not a whole number from {self._least} to {self._most}")
        return value

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        return self._described({"type": "integer", "minimum": self._least, "maximum": self._most})


class Seconds(_Plain):
    """A finite number above 0 (or from 0 on) and not above `most`."""

    def __init__(self, most: float, *, zero: bool = False, summary: str = "") -> None:
        super().__init__(summary)
        self._most = most
        self._zero = zero

    def read(self, value: Any) -> float:
        """See Entry."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not 0 <= value <= self._most:
            raise BadMessage(f"is not a number up to {self._most:g}")
        if value == 0 and not self._zero:
            raise BadMessage("is 0")
        return value  # type: ignore[no-any-return]

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        least = "minimum" if self._zero else "exclusiveMinimum"
        return self._described({"type": "number", least: 0, "maximum": self._most})


class OneOf(_Plain):
    """One of some words."""

    def __init__(self, *words: str, summary: str = "") -> None:
        super().__init__(summary)
        self._words = words

    def read(self, value: Any) -> str:
        """See Entry."""
        if value not in self._words:
            raise BadMessage(f"is none of {', '.join(self._words)}")
        return value  # type: ignore[no-any-return]

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        return self._described({"enum": list(self._words)})


class Moment(_Plain):
    """A moment in RFC 3339 with a zone; UTC in the program."""

    def read(self, value: Any) -> datetime:
        """See Entry."""
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise BadMessage("has no zone")
            return moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            raise BadMessage("is not an RFC 3339 time with a zone") from None

    def write(self, value: datetime) -> str:
        """See Entry."""
        return rfc3339(value, "seconds")

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        return self._described({"type": "string", "format": "date-time"})


class ListOf:
    """A list of things of one kind, `most` at most."""

    def __init__(self, inner: Entry, most: int, summary: str = "") -> None:
        self._inner = inner
        self._most = most
        self._summary = summary

    def read(self, value: Any) -> tuple[Any, ...]:
        """See Entry."""
        if not isinstance(value, list) or len(value) > self._most:
            raise BadMessage(f"is not a list of at most {self._most}")
        return tuple(map(self._inner.read, value))

    def write(self, value: Any) -> list[Any]:
        """See Entry."""
        return [self._inner.write(one) for one in value]

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        found = {"type": "array", "maxItems": self._most, "items": self._inner.schema()}
        return found | ({"description": self._summary} if self._summary else {})


class Row:
    """A list of a fixed length, each place with its own kind."""

    def __init__(self, *places: Entry) -> None:
        self._places = places

    def read(self, value: Any) -> tuple[Any, ...]:
        """See Entry."""
        if not isinstance(value, list) or len(value) != len(self._places):
            raise BadMessage(f"is not a list of {len(self._places)}")
        return tuple(kind.read(one) for kind, one in zip(self._places, value, strict=True))

    def write(self, value: Sequence[Any]) -> list[Any]:
        """See Entry."""
        return [kind.write(one) for kind, one in zip(self._places, value, strict=True)]

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        count = len(self._places)
        places = [kind.schema() for kind in self._places]
        return {"type": "array", "items": places, "minItems": count, "maxItems": count}


class Nested:
    """A message inside a message."""

    def __init__(self, message: type[Message]) -> None:
        self._message = message

    def read(self, value: Any) -> Message:
        """See Entry."""
        if not isinstance(value, dict):
            raise BadMessage("is not an object")
        return self._message.from_wire(value)

    def write(self, value: Message) -> dict[str, Any]:
        """See Entry."""
        return value.to_wire()

    def schema(self) -> dict[str, Any]:
        """See Entry."""
        return object_schema(self._message)


def object_schema(message: type[Message]) -> dict[str, Any]:
    """The JSON schema of a message."""
    return {
        "type": "object",
        "required": required(message),
        "properties": {name: kind.schema() for name, kind in entries(message).items()},
        "additionalProperties": False,
    }
