"""When it is dark, light the door for some minutes, and then put the lamps back as they were."""

from contextlib import AbstractContextManager

from pydantic import Field

from devices.lamp import (
    BorrowedLamp,
    Darkness,
    DarknessSettings,
    LampSettings,
    Porch,
    forget_lamp,
    in_words,
    open_porch,
)
from hub import Event, HandlerConfig, checkpoint, handler, later, link, memory

DRILL_PATIENCE_S = 3.0  # a lamp far down a mesh may take its time
TRIES = 20  # for an hour or so; a lamp that was unplugged, or its gateway, may come back


class Config(HandlerConfig, LampSettings, DarknessSettings):
    """Settings of `light`."""

    minutes: float = Field(5, gt=0, le=720, description="how long after the last press")

    def check(self) -> list[str]:
        """The lamps are lamps, the doors are doors, and something tells when it is dark."""
        place = (self.house.latitude, self.house.longitude)
        return [
            *(self.faults_in_darkness(place) if self.enabled else []),
            *self.faults_in_doors("scenes", self.scenes),
            *self.faults_in_lamps(self.hub_pins),
        ]


def open_lamps(config: Config) -> AbstractContextManager[Porch]:
    """Open all lamps, and listen to the light sensor if there is one."""
    darkness = Darkness(config, (config.house.latitude, config.house.longitude))
    return open_porch(config.lamps, link, config.state_dir, darkness)


def look(event: Event, config: Config, porch: Porch) -> str:
    """The dry run: ask the lamps how they are, and leave them so."""
    names, _ = config.at(event.door)
    return porch.look(names, DRILL_PATIENCE_S)


@handler("doorbell.pressed", timeout_s=20, max_age_s=120, uses=open_lamps, drill=look)
def light(event: Event, config: Config, porch: Porch) -> str:
    """Light the lamps of this door; a press while they are lit lengthens that."""
    names, scene = config.at(event.door)
    lamps = [BorrowedLamp(name, porch.lamps[name], memory) for name in names]
    if not porch.darkness.is_dark and not any(lamp.is_lit for lamp in lamps):
        return "it is light outside"
    for lamp in lamps:
        later("light.expired", config.minutes * 60, {"lamp": lamp.name}, subject=lamp.slug)
    to_light = [
        lamp
        for lamp in lamps
        if lamp.prepare(scene, is_repeat=event.attempt > 1, is_redelivered=event.redelivered)
    ]
    if to_light:
        checkpoint()  # a crash from here on leaves no lamp lit
    for lamp in to_light:
        lamp.light()
    for lamp in to_light:
        lamp.look()
    return (
        f"on for {config.minutes:g} min, was {', '.join(in_words(lamp.before) for lamp in lamps)}"
    )


@handler("light.expired", timeout_s=20, attempts=TRIES, uses=open_lamps)
def restore(event: Event, config: Config, porch: Porch) -> str:  # noqa: ARG001 - a handler's signature
    """The time is up, perhaps after a crash: put the lamp back, unless a person has changed it."""
    name = event.data["lamp"]
    if name not in porch.lamps:
        forget_lamp(name, memory)
        return "it is no lamp of ours any more"
    lamp = BorrowedLamp(name, porch.lamps[name], memory)
    return lamp.give_back(is_last_try=event.attempt >= TRIES)
