"""At night, put the light on at the door for some minutes, and then put it back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from devices.clock import is_dark
from devices.light import Light, fault_in_name, gpio_pin, open_light
from hub import Event, HandlerConfig, handler, later, link, memory

DRILL_PATIENCE_S = 3.0  # a lamp far down a mesh may take its time
WORDS = {True: "on", False: "off", None: "silent: it did not say how it was"}


class Config(HandlerConfig):
    """Settings of `light`."""

    lamp: str = Field("simulated", description="gpio:17, zigbee2mqtt:NAME, tasmota:TOPIC, wled:TOPIC or simulated")
    when: Literal["night", "always"] = Field("night", description="night needs latitude and longitude in [house]")
    minutes: float = Field(5, gt=0, le=720, description="how long after the last press")

    def check(self) -> list[str]:
        """Without a place there is no night; and a lamp is somewhere, and not where a button is."""
        faults = []
        if self.enabled and self.when == "night" and self.house.latitude is None:
            faults.append('when: "night" needs a place. Set latitude and longitude in [house], or when = "always"')
        if fault := fault_in_name(self.lamp):
            faults.append(f"lamp: {fault}")
        elif (pin := gpio_pin(self.lamp)) is not None and pin in self.button_pins:
            faults.append(f"lamp: GPIO {pin} is the button of [doors.{self.button_pins[pin]}]. Use another line")
        return faults


@contextmanager
def open_lamp(config: Config) -> Iterator[Light]:
    """The lamp."""
    lamp = open_light(config.lamp, link, config.state_dir)
    try:
        yield lamp
    finally:
        lamp.close()


def look(event: Event, config: Config, lamp: Light) -> str:  # noqa: ARG001 - a handler's signature
    """The dry run: ask the lamp how it is, and leave it so."""
    is_on = lamp.read(DRILL_PATIENCE_S)
    if is_on is None:
        raise ConnectionError(f"the lamp {config.lamp} does not answer. Has it power, and is its name right?")
    return f"the lamp is {WORDS[is_on]}"


@handler("doorbell.pressed", max_age_s=120, uses=open_lamp, drill=look)
def light(event: Event, config: Config, lamp: Light) -> str:  # noqa: ARG001 - a handler's signature
    """Switch it on. That and how to put it back is written down before it is touched, so that no crash loses it."""
    if config.when == "night" and not _is_night(config):
        return "it is light outside"
    later("light.expired", config.minutes * 60, subject="lamp")
    if "was_on" not in memory:
        memory["was_on"] = lamp.read()
    lamp.switch(on=True)
    return f"on for {config.minutes:g} min, was {WORDS[memory['was_on']]}"


@handler("light.expired", attempts=20, uses=open_lamp)
def restore(event: Event, config: Config, lamp: Light) -> str:  # noqa: ARG001 - a handler's signature
    """The time is up, perhaps after a crash: put it back."""
    if "was_on" not in memory:
        return "it was never switched"
    was_on = bool(memory["was_on"])
    lamp.switch(on=was_on)
    del memory["was_on"]
    return f"back to {'on' if was_on else 'off'}"


def _is_night(config: Config) -> bool:
    house = config.house
    return (
        house.latitude is not None
        and house.longitude is not None
        and is_dark(datetime.now(UTC), house.latitude, house.longitude)
    )
