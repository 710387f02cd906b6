"""Whether it is dark outside: by the sun, by the clock, by a sensor on the broker, or always."""

import json
from datetime import UTC, datetime, time
from typing import Literal

from pydantic import BaseModel, Field

from devices.lamp.lamp import MqttLink
from devices.lamp.payload import fault_in_topic
from devices.machine.daily_window import DailyWindow
from devices.machine.sun import is_dark

Place = tuple[float | None, float | None]  # latitude and longitude in degrees, if they are set


class DarknessSettings(BaseModel):
    """For a handler's settings: `class Config(HandlerConfig, DarknessSettings)`."""

    when: Literal["night", "hours", "sensor", "always"] = Field(
        "night", description="night: by the sun at [house]"
    )
    hours_from: time | None = Field(None, description="with hours: from then on, like 17:00:00")
    hours_to: time | None = Field(None, description="until then, like 07:00:00")
    sensor_topic: str | None = Field(None, description="with sensor: the topic of the brightness")
    sensor_key: str | None = Field(
        None, description="a field of its JSON, like illuminance; a bare number if not set"
    )
    sensor_below: float = Field(20, ge=0, description="less than this is dark; mostly in lux")

    def faults_in_darkness(self, place: Place) -> list[str]:
        """A line for each thing that is missing or wrong, for `check`.

        Args:
            place: Latitude and longitude of the house.
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
    """Knows whether it is dark.

    Args:
        settings: How to find out.
        place: Latitude and longitude of the house.
    """

    def __init__(self, settings: DarknessSettings, place: Place = (None, None)) -> None:
        self._settings = settings
        self._place = place
        self._level = 0.0  # dark, until the sensor has sent a value: rather one light too many

    def follow(self, link: MqttLink) -> None:
        """Listen to the sensor, if there is one."""
        if self._settings.when == "sensor" and self._settings.sensor_topic:
            link.follow(self._settings.sensor_topic, self.hear)

    def hear(self, text: str) -> None:
        """Take a message of the sensor. One without a brightness, like its battery, is ignored."""
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
        begin = self._settings.hours_from
        end = self._settings.hours_to
        if begin is None or end is None:
            return False
        return DailyWindow(begin, end).contains(datetime.now().astimezone().time())
