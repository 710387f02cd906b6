"""The time and the sun: facts of astronomy, to half a degree."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from astral import Observer
from astral.sun import sun
from hypothesis import given
from hypothesis import strategies as st

from devices.machine.sun import (
    is_dark,
    solar_day,
    sun_elevation,
    sun_moves,
)

BERLIN = (52.52, 13.40)
TROMSO = (69.65, 18.96)
QUITO = (-0.18, -78.47)
FACTS = {
    "Berlin at noon in midsummer": ("2026-06-21T11:08", BERLIN, 90 - 52.52 + 23.44, False),
    "Berlin at midnight in midsummer": ("2026-06-21T23:08", BERLIN, 52.52 + 23.44 - 90, True),
    "Berlin at noon in midwinter": ("2026-12-21T11:05", BERLIN, 90 - 52.52 - 23.44, False),
    "Berlin at midnight in midwinter": ("2026-12-21T23:05", BERLIN, 52.52 - 23.44 - 90, True),
    "Tromsø at midnight in midsummer": ("2026-06-21T22:46", TROMSO, 69.65 + 23.44 - 90, False),
    "Tromsø at noon in midwinter: twilight": (
        "2026-12-21T10:42",
        TROMSO,
        90 - 69.65 - 23.44,
        False,
    ),
    "Tromsø at midnight in midwinter": ("2026-12-21T22:42", TROMSO, 69.65 - 23.44 - 90, True),
    "Quito at noon at the equinox": ("2026-03-20T17:21", QUITO, 90 - 0.18, False),
}


@pytest.mark.parametrize(("at", "place", "degrees", "dark"), FACTS.values(), ids=FACTS)
def test_the_sun_stands_where_astronomy_says(at, place, degrees, dark):
    """At solar noon and midnight its height follows from the latitude and the earth's tilt."""
    when = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert sun_elevation(when, *place) == pytest.approx(degrees, abs=0.6)
    assert is_dark(when, *place) is dark


def test_it_gets_dark_in_berlin_half_an_hour_after_sunset():
    """It is dark from the end of civil twilight on: on 23 November at about 16:40 local time."""
    midday = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    minutes = (midday + timedelta(minutes=n) for n in range(720))
    dusk = next(at for at in minutes if is_dark(at, *BERLIN))
    assert (
        datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
        < dusk
        < datetime(2026, 11, 23, 15, 50, tzinfo=UTC)
    )


def test_the_zone_of_the_time_does_not_matter():
    """The same moment is the same sun, however it is written."""
    there = datetime.fromisoformat("2026-06-21T13:08:00+02:00")
    assert sun_elevation(there, *BERLIN) == sun_elevation(there.astimezone(UTC), *BERLIN)


@given(
    at=st.integers(1_600_000_000, 2_200_000_000).map(
        lambda seconds: datetime.fromtimestamp(seconds, UTC)
    ),
    latitude=st.floats(-89, 89),
    longitude=st.floats(-180, 0),
)
def test_it_is_never_dark_on_both_sides_of_the_earth(at, latitude, longitude):
    """Where the sun is down here, it is up at our feet."""
    here, there = (latitude, longitude), (-latitude, longitude + 180)
    assert not (is_dark(at, *here) and is_dark(at, *there))
    assert sun_elevation(at, *here) == pytest.approx(-sun_elevation(at, *there), abs=1.2)


@pytest.mark.parametrize(
    "place", [(41.88, -87.63), (64.15, -21.94), (64.84, -147.72), (-43.53, 172.64), (-33.0, 90.0)]
)
def test_below_the_polar_circles_it_rises_and_sets_each_day(place):
    """Also where that is at midnight in UTC: a day after the last time, but for minutes."""
    begin, moved = date(2026, 1, 1), {"sunrise": [], "sunset": []}
    for number in range(365):
        for name, at in sun_moves(begin + timedelta(days=number), *place).items():
            moved[name].append(at)
    for times in moved.values():
        gaps = [abs(later - earlier - timedelta(days=1)) for earlier, later in pairwise(times)]
        assert (len(times), max(gaps) < timedelta(minutes=8)) == (365, True)


def test_it_rises_and_sets_when_astral_says():
    """Within half a minute, where astral's day is without fault."""
    for month in range(1, 13):
        day = date(2026, month, 15)
        found, known = sun_moves(day, *BERLIN), sun(Observer(*BERLIN), day)
        assert all(abs(found[name] - known[name]) < timedelta(seconds=30) for name in found)
        assert {solar_day(at, BERLIN[1]) for at in found.values()} == {day}
