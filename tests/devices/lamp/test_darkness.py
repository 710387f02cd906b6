"""Whether it is dark: by the sun, by the clock, by a sensor, or always."""

from datetime import UTC, datetime

import pytest

from devices.lamp import Darkness, DarknessSettings
from devices.machine import sun_elevation


def _place(*, dark):
    """Where on the equator it is the middle of the night, or of the day, now."""
    sun = {lon: sun_elevation(datetime.now(UTC), 0, lon) for lon in range(-180, 180, 10)}
    return 0.0, float((min if dark else max)(sun, key=sun.__getitem__))


@pytest.mark.parametrize("dark", [True, False])
def test_the_sun_says_that_it_is_night(dark):
    """At the place of the house."""
    assert Darkness(DarknessSettings(), _place(dark=dark)).is_dark is dark


def test_without_a_place_there_is_no_night():
    """The settings are refused; whoever uses them all the same has no light all day."""
    assert Darkness(DarknessSettings()).is_dark is False


def test_it_may_always_be_dark():
    """For a porch without a window."""
    assert Darkness(DarknessSettings(when="always")).is_dark


def test_a_sensor_is_listened_to_where_one_is_set():
    """Until it has said something it is dark; what is not about light changes nothing."""
    followed = {}

    class Link:
        def follow(self, topic, hear):
            followed[topic] = hear

    settings = DarknessSettings(when="sensor", sensor_topic="yard", sensor_key="lux")
    darkness = Darkness(settings)
    darkness.follow(Link())
    assert darkness.is_dark
    for text in ('{"lux": 900}', '{"battery": 5}', "nonsense", "[]"):
        followed["yard"](text)
    assert not darkness.is_dark
    Darkness(DarknessSettings(when="always")).follow(Link())
    assert list(followed) == ["yard"]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({}, "a place. Set latitude and longitude in [house]"),
        ({"when": "hours", "hours_from": "22:00"}, "two times. Set hours_from and hours_to"),
        ({"when": "sensor"}, "a sensor. Set sensor_topic"),
        ({"when": "sensor", "sensor_topic": "yard/#"}, "sensor_topic: "),
    ],
)
def test_what_is_missing_is_told(table, fault):
    """With what to set."""
    settings = DarknessSettings.model_validate(table)
    (found,) = settings.faults_in_darkness((None, None))
    assert fault in found
    assert DarknessSettings(when="always").faults_in_darkness((None, None)) == []
