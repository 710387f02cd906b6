"""A visitor, as the messages about one have it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True)
class Visit:
    """A visitor, who may have rung several times.

    Attributes:
        press: The id of the first press.
        door: Where.
        at: The time of the last press, in ISO 8601.
        count: The number of presses.
    """

    press: str
    door: str
    at: str
    count: int

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The visit in a timer's data."""
        return cls(data["press"], data["door"], data["at"], data["count"])

    def as_json(self) -> dict[str, Any]:
        """The visit as a JSON object, for a timer's data."""
        return asdict(self)

    @property
    def time(self) -> datetime:
        """The time of the last press."""
        return datetime.fromisoformat(self.at)
