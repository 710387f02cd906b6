"""When it is dark, light the door for some minutes, and then put the lamps back as they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pydantic import Field

from devices.lamp import (
    BorrowedLamp,
    Darkness,
    DarknessSettings,
    LampSettings,
    Light,
    forget_lamp,
    in_words,
    open_lights,
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


class Porch(NamedTuple):
    """The lamps by name, and whether it is dark."""

    lamps: dict[str, Light]
    darkness: Darkness


@contextmanager
def open_porch(config: Config) -> Iterator[Porch]:
    """Open all lamps, and listen to the light sensor if there is one."""
    darkness = Darkness(config, (config.house.latitude, config.house.longitude))
    darkness.follow(link)
    with open_lights(config.lamps, link, config.state_dir) as lamps:
        yield Porch(lamps, darkness)


def look(event: Event, config: Config, porch: Porch) -> str:
    """The dry run: ask the lamps how they are, and leave them so."""
    names, _ = config.at(event.door)
    found = {name: porch.lamps[name].read(DRILL_PATIENCE_S) for name in names}
    if silent := ", ".join(name for name, state in found.items() if state is None):
        raise ConnectionError(
            f"the lamp {silent} does not answer. Has it power, and is its name right?"
        )
    return ", ".join(f"the lamp is {in_words(state)}" for state in found.values())


@handler("doorbell.pressed", timeout_s=20, max_age_s=120, uses=open_porch, drill=look)
def light(event: Event, config: Config, porch: Porch) -> str:
    """Light the lamps of this door; a press while they are lit lengthens that."""
    names, scene = config.at(event.door)
    lamps = [BorrowedLamp(name, porch.lamps[name], memory) for name in names]
    if not porch.darkness.is_dark and not any(lamp.is_lit for lamp in lamps):
        return "it is light outside"
    for lamp in lamps:
        later("light.expired", config.minutes * 60, {"lamp": lamp.name}, subject=lamp.slug)
    repeat = {"is_repeat": event.attempt > 1, "is_redelivered": event.redelivered}
    to_light = [lamp for lamp in lamps if lamp.prepare(scene, **repeat)]
    if to_light:
        checkpoint()  # a crash from here on leaves no lamp lit
    for lamp in to_light:
        lamp.light()
    for lamp in to_light:
        lamp.look()
    return (
        f"on for {config.minutes:g} min, was {', '.join(in_words(lamp.before) for lamp in lamps)}"
    )


@handler("light.expired", timeout_s=20, attempts=TRIES, uses=open_porch)
def restore(event: Event, config: Config, porch: Porch) -> str:  # noqa: ARG001 - a handler's signature
    """The time is up, perhaps after a crash: put the lamp back, unless a person has changed it."""
    name = event.data["lamp"]
    if name not in porch.lamps:
        forget_lamp(name, memory)
        return "it is no lamp of ours any more"
    lamp = BorrowedLamp(name, porch.lamps[name], memory)
    return lamp.give_back(is_last_try=event.attempt >= TRIES)
