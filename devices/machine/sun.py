"""What time it is, and whether the sun is up."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Protocol

DAY = timedelta(days=1)
HORIZON = (
    -0.833
)  # degrees: the sun's upper edge, lifted by the air (Astronomical Almanac, "rising and setting")


class TimeSource(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, in UTC."""


class SystemTime:
    """The computer's clock."""

    def now(self) -> datetime:
        """See TimeSource."""
        return datetime.now(UTC)


class SimulatedTime:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """See TimeSource."""
        return self.at


def sun_elevation(
    at: datetime, latitude: float, longitude: float, *, refraction: bool = True
) -> float:
    """How high the sun stands, in degrees above the horizon, by astral.

    Args:
        at: With a time zone.
        latitude: In degrees north.
        longitude: In degrees east.
        refraction: As it is seen through the air, which lifts it near the horizon.
    """
    from astral import Observer  # noqa: PLC0415 - only the process that asks for the sun pays for it
    from astral.sun import elevation  # noqa: PLC0415

    return float(elevation(Observer(latitude, longitude), at, with_refraction=refraction))


@lru_cache(maxsize=4)
def sun_moves(day: date, latitude: float, longitude: float) -> Mapping[str, datetime]:
    """When the sun rises and sets on a day: `sunrise` and `sunset` (UTC), without what does not happen that day.

    Looked for by its height: astral's own sunrise and sunset leave out a day of the year where they come at
    midnight in UTC, as in Chicago.

    Args:
        day: The sun's own; see `solar_day`.
        latitude: In degrees north.
        longitude: In degrees east.
    """
    midnight = datetime.combine(day, time(), _solar_zone(longitude)).astimezone(UTC)
    noon = midnight + DAY / 2

    def is_up(at: datetime) -> bool:
        return sun_elevation(at, latitude, longitude, refraction=False) > HORIZON

    found = {
        "sunrise": _change(is_up, midnight, noon),
        "sunset": _change(is_up, noon, midnight + DAY),
    }
    return {name: at for name, at in found.items() if at}


def _change(
    is_up: Callable[[datetime], bool], before: datetime, after: datetime
) -> datetime | None:
    """When it changes between two times, to the second; None when it does not."""
    was = is_up(before)
    if was == is_up(after):
        return None
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if is_up(middle) == was else (before, middle)
    return after


def solar_day(at: datetime, longitude: float) -> date:
    """Which day it is by the sun: from midnight to midnight, with noon when it stands highest, nearly."""
    return at.astimezone(_solar_zone(longitude)).date()


def _solar_zone(longitude: float) -> timezone:
    return timezone(timedelta(minutes=round(longitude * 4)))


def is_dark(at: datetime, latitude: float, longitude: float) -> bool:
    """Whether one needs a light: the sun is 6 degrees below the horizon or lower (the end of civil twilight)."""
    return sun_elevation(at, latitude, longitude) <= -6.0  # noqa: PLR2004 - the definition
