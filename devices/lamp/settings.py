"""Settings of a handler that lights lamps: which ones at which door, and how."""

from collections import Counter
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.lamp import makes
from devices.lamp.described import DescribedLamps
from devices.lamp.lamp import LampState, LightAwayError, LightError
from devices.lamp.names import fault_in_lamp, gpio_pin, take_apart


class LampScene(BaseModel):
    """What shines at a door, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    lamps: list[str] = Field([], description="named like lamp; that one if none is named")
    brightness: float | None = Field(None, gt=0, le=100, description="in percent")
    color: str | None = Field(None, pattern=r"^#[0-9a-fA-F]{6}$", description="like #ffcc88")
    kelvin: int | None = Field(
        None, ge=1500, le=9000, description="the colour temperature, like 2700"
    )

    @model_validator(mode="after")
    def _has_one_colour(self) -> Self:
        if self.color and self.kelvin:
            raise ValueError("color and kelvin are two ways to say it. Leave one of them out")
        return self


PLAIN = LampScene()


class LampSettings(DescribedLamps):
    """For a handler's settings: `class Config(HandlerConfig, LampSettings)`."""

    lamp: str = Field(
        "simulated",
        description="gpio:17, zigbee2mqtt:NAME, tasmota:TOPIC, shelly:PREFIX, mqtt:NAME, …",
    )
    scenes: dict[str, LampScene] = Field({}, description="lamps, brightness and colour for a door")

    @property
    def lamps(self) -> list[str]:
        """The names of all lamps, each once."""
        in_scenes = [name for scene in self.scenes.values() for name in scene.lamps]
        return list(dict.fromkeys([self.lamp, *in_scenes]))

    def at(self, door: str) -> tuple[list[str], LampState]:
        """The names of the lamps at a door, and how they are to shine."""
        scene = self.scenes.get(door, PLAIN)
        state = LampState(True, scene.brightness, scene.color or scene.kelvin)
        return scene.lamps or [self.lamp], state

    def faults_in_lamps(self, used_pins: Mapping[int, str]) -> list[str]:
        """A line for each name that is no lamp's, or whose GPIO line is taken, for `check`.

        Args:
            used_pins: Lines (BCM numbers) that are used for something else, each with where that
                is set.
        """
        pins = {name: pin for name in self.lamps if (pin := gpio_pin(name)) is not None}
        faults = [
            f"lamp: GPIO {pin} is named in two ways. Write it in one"
            for pin, number in Counter(pins.values()).items()
            if number > 1
        ]
        for name in self.lamps:
            pin = pins.get(name, -1)
            if fault := fault_in_lamp(name) or self.fault_in_reference(name):
                faults.append(f"lamp: {fault}")
            elif pin in used_pins:
                faults.append(f"lamp: GPIO {pin} is used by {used_pins[pin]}. Use another line")
        return faults

    def absent_lamps(self) -> list[str]:
        """A line for each lamp that Home Assistant does not tell us of, for `absent`."""
        faults = []
        for name in self.lamps:
            make, entity, _ = take_apart(name)
            if make != "homeassistant" or self.homeassistant is None:
                continue
            try:
                makes.HomeAssistantLamp(self.homeassistant, entity).members()
            except (LightError, LightAwayError) as error:
                faults.append(f"lamp: {name}: {error}")
        return faults
