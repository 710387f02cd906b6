"""A part of the day, and how long it lasts yet."""

from datetime import datetime, time, timedelta

import pytest

from devices.machine import DailyWindow

NIGHT = DailyWindow(time(22), time(7))
LUNCH = DailyWindow(time(12), time(13, 30))


@pytest.mark.parametrize(
    ("window", "at", "inside"),
    [
        (LUNCH, "11:59", False),
        (LUNCH, "12:00", True),
        (LUNCH, "13:29", True),
        (LUNCH, "13:30", False),
        (NIGHT, "21:59", False),
        (NIGHT, "22:00", True),
        (NIGHT, "00:00", True),
        (NIGHT, "06:59", True),
        (NIGHT, "07:00", False),
        (DailyWindow(time(9), time(9)), "09:00", False),
    ],
)
def test_it_contains_its_beginning_and_not_its_end(window, at, inside):
    """Over midnight too; from a time to the same time is never."""
    assert window.contains(time.fromisoformat(at)) is inside


@pytest.mark.parametrize(
    ("at", "minutes"), [("06:30", 30), ("07:00", 1440), ("22:00", 540), ("23:59", 421)]
)
def test_it_ends_today_or_tomorrow(at, minutes):
    """The end that comes next counts."""
    now = datetime.fromisoformat(f"2026-01-15T{at}").astimezone()
    assert timedelta(seconds=NIGHT.remaining_s(now)) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("2026-01-15T06:30", "2026-01-15T07:00"),
        ("2026-01-15T07:00", "2026-01-15T22:00"),
        ("2026-01-15T22:00", "2026-01-16T07:00"),
        ("2026-01-15T23:59", "2026-01-16T07:00"),
    ],
)
def test_it_changes_at_its_end_or_its_beginning(at, change):
    """Inside the window the end comes next, outside its beginning."""
    now = datetime.fromisoformat(at).astimezone()
    assert NIGHT.next_change(now) == datetime.fromisoformat(change).astimezone()
