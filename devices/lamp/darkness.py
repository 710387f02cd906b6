"""Whether it is dark outside: by the sun, by the clock, by a sensor on the broker, or always."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Literal, Protocol

from pydantic import BaseModel, Field

from devices.lamp.payload import fault_in_topic
from devices.machine.daily_window import DailyWindow
from devices.machine.sun import is_dark

Place = tuple[float | None, float | None]  # latitude and longitude in degrees, if they are set


class Follows(Protocol):
    """What a sensor needs of the broker: `hub.link` has it."""

    def follow(self, topic: str, hear: Callable[[str], None]) -> None:
        """Have each message of this topic given to `hear`."""


class DarknessSettings(BaseModel):
    """For a handler's settings: `class Config(HandlerConfig, DarknessSettings)`."""

    when: Literal["night", "hours", "sensor", "always"] = Field(
        "night", description="night: by the sun at [house]"
    )
    hours_from: time | None = Field(None, description="with hours: from then on, like 17:00")
    hours_to: time | None = Field(None, description="until then, like 07:00")
    sensor_topic: str | None = Field(
        None, description="with sensor: where it says how bright it is"
    )
    sensor_key: str | None = Field(
        None, description="a field of its JSON, like illuminance; a bare number if not set"
    )
    sensor_below: float = Field(20, ge=0, description="dark is less than that, in lux mostly")

    def faults_in_darkness(self, place: Place) -> list[str]:
        """A line for each thing that is missing or wrong, for `check`.

        Args:
            place: Where the house stands.
        """
        missing = {
            "night": None in place and "a place. Set latitude and longitude in [house]",
            "hours": None in (self.hours_from, self.hours_to)
            and "two times. Set hours_from and hours_to",
            "sensor": self.sensor_topic is None and "a sensor. Set sensor_topic",
            "always": False,
        }[self.when]
        faults = [f'when: "{self.when}" needs {missing}, or when = "always"'] if missing else []
        if self.sensor_topic and (fault := fault_in_topic(self.sensor_topic)):
            faults.append(f"sensor_topic: {fault}")
        return faults


class Darkness:
    """Tells whether it is dark.

    Args:
        settings: By what.
        place: Where the house stands.
    """

    def __init__(self, settings: DarknessSettings, place: Place = (None, None)) -> None:
        self._settings = settings
        self._place = place
        self._level = 0.0  # until the sensor has said something it is dark: rather a light too many

    def follow(self, link: Follows) -> None:
        """Listen to the sensor, where one is set."""
        if self._settings.when == "sensor" and self._settings.sensor_topic:
            link.follow(self._settings.sensor_topic, self.hear)

    def hear(self, text: str) -> None:
        """Take what the sensor says; what is not about light, like its battery, changes nothing."""
        key = self._settings.sensor_key
        try:
            value = json.loads(text)
            self._level = float(value[key] if key else value)
        except (ValueError, TypeError, KeyError, RecursionError):
            return

    @property
    def is_dark(self) -> bool:
        """Whether it is dark now."""
        latitude, longitude = self._place
        match self._settings.when:
            case "sensor":
                return self._level < self._settings.sensor_below
            case "hours":
                return self._is_within_hours()
            case "night":
                if latitude is None or longitude is None:
                    return False
                return is_dark(datetime.now(UTC), latitude, longitude)
        return True

    def _is_within_hours(self) -> bool:
        begin, end = self._settings.hours_from, self._settings.hours_to
        if begin is None or end is None:
            return False
        return DailyWindow(begin, end).contains(datetime.now().astimezone().time())
