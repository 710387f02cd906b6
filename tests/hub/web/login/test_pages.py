"""The pages of the login: what they show."""

import re
import time
from datetime import UTC, datetime

import pytest
from starlette.requests import Request

from hub.web.login import pages
from hub.web.login.register import Phone


@pytest.fixture
def set_zone(monkeypatch):
    """Sets the time zone of this machine."""

    def set_to(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_to
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("zone", "day"), [("EST5", "2026-11-23"), ("CET-1", "2026-11-24")])
def test_a_day_is_that_of_the_house(set_zone, zone, day):
    """In the evening of New York it is tomorrow in UTC."""
    set_zone(zone)
    seen_s = datetime(2026, 11, 24, 1, 30, tzinfo=UTC).timestamp()
    anna = Phone("1", "Anna", seen_s, seen_s)
    request = Request({"type": "http", "headers": []})
    shown = pages.phones(request, [anna], own="2", has_password=False).body.decode()
    assert re.findall(r"<time .*?>(.*?)<", shown) == [day, day]
