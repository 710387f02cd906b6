"""A visitor, as the messages about one have it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from devices.machine import Moment

STAMP = ("boot", "uptime_s", "synchronised")


@dataclass(frozen=True)
class Visit:
    """A visitor, who may have rung several times.

    Attributes:
        press: The id of the first press.
        door: Where.
        at: The time of the last press, in ISO 8601.
        count: The number of presses.
        boot: See `Moment`, for the last press.
        uptime_s: See `Moment`.
        synchronised: See `Moment`.
    """

    press: str
    door: str
    at: str
    count: int
    boot: str = ""
    uptime_s: float = 0.0
    synchronised: bool = True

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The visit in a timer's data."""
        stamp = {name: data[name] for name in STAMP if name in data}  # not in earlier versions
        return cls(data["press"], data["door"], data["at"], data["count"], **stamp)

    def as_json(self) -> dict[str, Any]:
        """The visit as a JSON object, for a timer's data."""
        return asdict(self)

    @property
    def time(self) -> datetime:
        """The time of the last press."""
        return datetime.fromisoformat(self.at)

    @property
    def moment(self) -> Moment:
        """The same, on both clocks."""
        return Moment(self.time.timestamp(), self.boot, self.uptime_s, self.synchronised)
