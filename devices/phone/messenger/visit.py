"""A visitor, as the messages about one have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from devices.machine import Moment


@dataclass(frozen=True)
class Visit:
    """A visitor, who may have rung several times.

    Attributes:
        press: The id of the first press.
        door: Where.
        moment: When the last press was.
        count: The number of presses.
    """

    press: str
    door: str
    moment: Moment
    count: int

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The visit in a timer's data."""
        return cls(data["press"], data["door"], Moment.of(data["at"]), data["count"])

    def as_json(self) -> dict[str, Any]:
        """The visit as a JSON object, for a timer's data."""
        at = self.moment.as_json()
        return {"press": self.press, "door": self.door, "at": at, "count": self.count}

    @property
    def time(self) -> datetime:
        """The time of the last press."""
        return datetime.fromtimestamp(self.moment.at, UTC)
