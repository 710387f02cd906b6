"""When it is dark, light the door for some minutes, and then put the lamps back as they were."""

from contextlib import AbstractContextManager
from typing import ClassVar

from pydantic import Field

from devices.lamp import Darkness, DarknessSettings, LampSettings, Porch, open_porch
from hub import Event, HandlerConfig, checkpoint, handler, later, link, memory

TRIES = 20  # for an hour or so; a lamp that was unplugged, or its gateway, may come back


class Config(HandlerConfig, LampSettings, DarknessSettings):
    """Settings of `light`."""

    needs_settings: ClassVar[bool] = True  # without a lamp there is nothing to light
    minutes: float = Field(5, gt=0, le=720, description="how long after the last press")

    def check(self) -> list[str]:
        """The lamps are lamps, the doors are doors, and something tells when it is dark."""
        return [
            *(self.faults_in_darkness(self.house.place) if self.enabled else []),
            *self.faults_in_doors("scenes", self.scenes),
            *self.faults_in_lamps(self.hub_pins),
        ]

    def absent(self) -> list[str]:
        """Find lamps that Home Assistant does not know."""
        return self.absent_lamps()


def open_lamps(config: Config) -> AbstractContextManager[Porch]:
    """Open all lamps, and listen to the light sensor if there is one."""
    return open_porch(config, link, config.state_dir, Darkness(config, config.house.place), memory)


def look(event: Event, config: Config, porch: Porch) -> str:
    """The dry run: ask the lamps how they are, and leave them so."""
    return porch.look(event.door)


@handler("doorbell.pressed", timeout_s=20, max_age_s=120, uses=open_lamps, drill=look)
def light(event: Event, config: Config, porch: Porch) -> str:
    """Light the lamps of this door; a press while they are lit lengthens that."""
    lamps = porch.at(event.door)
    if not (porch.is_dark or lamps.are_lit):
        return "it is light outside"
    for lamp in lamps:
        later("light.expired", config.minutes * 60, lamp.ticket, subject=lamp.slug)
    if lamps.prepare(is_repeat=event.attempt > 1, is_redelivered=event.redelivered):
        checkpoint()  # a crash from here on leaves no lamp lit
        lamps.light()
    return f"on for {config.minutes:g} min, was {lamps.before}"


@handler("light.expired", timeout_s=20, attempts=TRIES, uses=open_lamps)
def restore(event: Event, config: Config, porch: Porch) -> str:
    """The time is up, perhaps after a crash: put the lamp back, unless a person has changed it."""
    return porch.give_back(event.data, is_last_try=event.attempt >= TRIES)
