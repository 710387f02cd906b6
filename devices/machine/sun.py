"""The time, and the position of the sun."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
# Degrees: the sun's upper edge, lifted by the air (Astronomical Almanac, "rising and setting").
HORIZON = -0.833
CIVIL_TWILIGHT = -6.0  # degrees
MINUTES_PER_DEGREE = 4


def sun_elevation(
    at: datetime, latitude: float, longitude: float, *, refraction: bool = True
) -> float:
    """How high the sun stands, by astral.

    Args:
        at: The time, with its zone.
        latitude: Degrees north.
        longitude: Degrees east.
        refraction: Whether to count the air, which lifts the sun near the horizon.

    Returns:
        Degrees above the horizon.
    """
    # Only a process that asks for the sun pays for astral.
    from astral import Observer  # noqa: PLC0415
    from astral.sun import elevation  # noqa: PLC0415

    return float(elevation(Observer(latitude, longitude), at, with_refraction=refraction))


@lru_cache(maxsize=4)
def sun_moves(day: date, latitude: float, longitude: float) -> Mapping[str, datetime]:
    """When the sun rises and sets on a day.

    They are found by the sun's elevation. astral's own sunrise and sunset leave out one day of
    the year in places where they happen at midnight UTC, such as Chicago.

    Args:
        day: A solar day; see `solar_day`.
        latitude: Degrees north.
        longitude: Degrees east.

    Returns:
        `sunrise` and `sunset` in UTC, without those that do not happen on that day.
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
    """When the answer changes between two times, to the second; None if it does not."""
    was_up = is_up(before)
    if was_up == is_up(after):
        return None
    while after - before > SECOND:
        middle = before + (after - before) / 2
        if is_up(middle) == was_up:
            before = middle
        else:
            after = middle
    return after


def solar_day(at: datetime, longitude: float) -> date:
    """The day by the sun: from midnight to midnight, with noon when the sun is highest (nearly).

    Args:
        at: The time, with its zone.
        longitude: Degrees east.
    """
    return at.astimezone(_solar_zone(longitude)).date()


def _solar_zone(longitude: float) -> timezone:
    return timezone(timedelta(minutes=round(longitude * MINUTES_PER_DEGREE)))


def is_dark(at: datetime, latitude: float, longitude: float) -> bool:
    """Whether it is dark: after the end of civil twilight, and before its beginning.

    Args:
        at: The time, with its zone.
        latitude: Degrees north.
        longitude: Degrees east.
    """
    return sun_elevation(at, latitude, longitude) <= CIVIL_TWILIGHT
