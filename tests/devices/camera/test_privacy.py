"""When nothing may be recorded."""

from datetime import time

import pytest

from devices.camera import Privacy


@pytest.mark.parametrize(
    ("begin", "end", "now", "is_private"),
    [
        (time(8), time(16, 30), time(8), True),
        (time(8), time(16, 30), time(16, 30), False),
        (time(22), time(7), time(23), True),
        (time(22), time(7), time(6, 59), True),
        (time(22), time(7), time(7), False),
        (None, None, time(3), False),
    ],
)
def test_between_two_times_of_day(begin, end, now, is_private):
    """The first belongs to it, the second does not; it may go over midnight."""
    reason = Privacy(begin, end, now=lambda: now)()
    assert reason == (f"private until {end:%H:%M}" if is_private else None)


def test_a_switch_counts_at_once_and_over_a_restart(tmp_path):
    """The last word is kept, and a text that is neither on nor off changes nothing."""
    marker = tmp_path / "state" / "record.private"
    privacy = Privacy(None, None, marker)
    assert privacy() is None
    for text, reason in (
        (" ON\n", "private, by its switch"),
        ("perhaps", "private, by its switch"),
        ("off", None),
    ):
        privacy.switch(text)
        assert privacy() == reason
        assert Privacy(None, None, marker)() == reason


def test_without_a_switch_its_old_state_does_not_count(tmp_path):
    """Removing the topic from the settings removes its last word, too."""
    Privacy(None, None, tmp_path / "on").switch("on")
    assert Privacy(None, None, tmp_path / "on")() == "private, by its switch"
    assert Privacy(None, None)() is None
