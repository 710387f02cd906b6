"""What is due by the local clock depends on nothing but the time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.features.schedule import Daily

BERLIN = "Europe/Berlin"


def _local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-23T03:29:59", None),
        ("2026-11-23T03:30:00", "2026-11-23"),
        ("2026-11-23T03:44:59", "2026-11-23"),
        ("2026-11-23T03:46:00", None),
    ],
)
def test_it_is_due_at_its_time_and_a_while_after(now, day):
    """A caller that was off is a quarter of an hour late at most."""
    assert Daily(time(3, 30), BERLIN).due(_local(now)) == day


def test_the_hour_that_comes_twice_has_one_day():
    """On 25 October 2026 02:30 comes twice; it is due at the first, always as one day."""
    daily, midnight = Daily(time(2, 30), BERLIN), datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    assert daily.due(midnight + timedelta(hours=2, minutes=30)) == "2026-10-25"
    days = {daily.due(midnight + timedelta(minutes=minute)) for minute in range(0, 360, 5)}
    assert days == {None, "2026-10-25"}


def test_the_hour_that_is_left_out_does_not_leave_the_day_out():
    """On 29 March 2026 there is no 02:30; that night still has one time that is due."""
    daily, midnight = Daily(time(2, 30), BERLIN), datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    days = {daily.due(midnight + timedelta(minutes=minute)) for minute in range(0, 360, 5)}
    assert days == {None, "2026-03-29"}


def test_just_before_midnight_the_day_is_the_one_that_was_planned():
    """23:55 belongs to yesterday, even at 00:05."""
    assert Daily(time(23, 55), BERLIN).due(_local("2026-11-24T00:05:00")) == "2026-11-23"


@pytest.mark.parametrize("within_s", [60, 1800, 10_800])
def test_what_summer_time_leaves_out_is_found_however_narrow_the_look(within_s):
    """02:30 of 29 March 2026 comes at 03:30, which is 01:30 in UTC; and then it is not too old."""
    daily, at = Daily(time(2, 30), BERLIN), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    within = timedelta(seconds=within_s)
    found = daily.last(at + timedelta(seconds=5), within)
    assert found is not None
    assert found.astimezone(UTC) == at
    assert daily.last(at + within + timedelta(seconds=1), within) is None
