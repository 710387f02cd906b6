"""What time it is, and whether the sun is up."""

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, in UTC."""


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        """See Clock."""
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """See Clock."""
        return self.at


def sun_elevation(at: datetime, latitude: float, longitude: float) -> float:
    """How high the sun stands, in degrees above the horizon, by astral.

    Args:
        at: With a time zone.
        latitude: In degrees north.
        longitude: In degrees east.
    """
    from astral import Observer  # noqa: PLC0415 - only the process that asks for the sun pays for it
    from astral.sun import elevation  # noqa: PLC0415

    return float(elevation(Observer(latitude, longitude), at))


def sun_moves(day: date, latitude: float, longitude: float) -> dict[str, datetime]:
    """When the sun rises and sets on a day (UTC): `sunrise` and `sunset`, without what does not happen that day."""
    from astral import Observer  # noqa: PLC0415
    from astral.sun import sunrise, sunset  # noqa: PLC0415

    moves = {}
    for name, move in (("sunrise", sunrise), ("sunset", sunset)):
        with suppress(ValueError):  # beyond the polar circles it may stay up, or down
            moves[name] = move(Observer(latitude, longitude), day, tzinfo=UTC)
    return moves


def is_dark(at: datetime, latitude: float, longitude: float) -> bool:
    """Whether one needs a light: the sun is 6 degrees below the horizon or lower (the end of civil twilight)."""
    return sun_elevation(at, latitude, longitude) <= -6.0  # noqa: PLR2004 - the definition
