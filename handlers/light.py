"""When it is dark, put the lights on at the door for some minutes, and then put them back as they were."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, time
from typing import Any, Literal, Self
from zlib import crc32

from pydantic import Field, model_validator

from devices.lamp import (
    OFF,
    LampState,
    Light,
    fault_in_lamp,
    fault_in_topic,
    gpio_pin,
    is_unchanged,
    open_light,
)
from devices.machine import DailyWindow, is_dark
from hub import Event, HandlerConfig, Section, checkpoint, handler, later, link, memory

DRILL_PATIENCE_S = 3.0  # a lamp far down a mesh may take its time
PATIENCE_S = 2.0  # nobody stands in the dark while it is asked whether somebody changed it
TRIES = 20  # for an hour or so; a lamp that was unplugged, or its gateway, may come back


class DoorScene(Section):
    """`[handlers.light.scenes.DOOR]`: what shines at a door, and how."""

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


class Config(HandlerConfig):
    """Settings of `light`."""

    lamp: str = Field(
        "simulated",
        description="gpio:17, zigbee2mqtt:NAME, tasmota:TOPIC, wled:TOPIC, shelly:PREFIX, …",
    )
    scenes: dict[str, DoorScene] = Field({}, description="lamps, brightness and colour for a door")
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
    minutes: float = Field(5, gt=0, le=720, description="how long after the last press")

    def check(self) -> list[str]:
        """Each way to tell the dark has what it needs; and a lamp is somewhere, and not where the hub has something."""
        needs = {
            "night": (
                self.house.latitude is not None,
                "a place. Set latitude and longitude in [house]",
            ),
            "hours": (self.hours_from and self.hours_to, "two times. Set hours_from and hours_to"),
            "sensor": (self.sensor_topic, "a sensor. Set sensor_topic"),
            "always": (True, ""),
        }
        there, missing = needs[self.when]
        faults = (
            []
            if there or not self.enabled
            else [f'when: "{self.when}" needs {missing}, or when = "always"']
        )
        faults += self.faults_in_doors("scenes", self.scenes)
        if self.sensor_topic and (fault := fault_in_topic(self.sensor_topic)):
            faults.append(f"sensor_topic: {fault}")
        pins = Counter(pin for name in self.lamps if (pin := gpio_pin(name)) is not None)
        faults += [
            f"lamp: GPIO {pin} is named in two ways. Write it in one"
            for pin, n in pins.items()
            if n > 1
        ]
        for name in self.lamps:
            if fault := fault_in_lamp(name):
                faults.append(f"lamp: {fault}")
            elif (pin := gpio_pin(name)) is not None and pin in self.hub_pins:
                faults.append(f"lamp: GPIO {pin} is used by {self.hub_pins[pin]}. Use another line")
        return faults

    @property
    def lamps(self) -> list[str]:
        """All that are named."""
        named = [self.lamp, *(lamp for scene in self.scenes.values() for lamp in scene.lamps)]
        return list(dict.fromkeys(named))

    def at(self, door: str) -> tuple[list[str], LampState]:
        """What shines at a door, and how."""
        wanted = self.scenes.get(door, DoorScene())
        return wanted.lamps or [self.lamp], LampState(
            True, wanted.brightness, wanted.color or wanted.kelvin
        )


class Porch:
    """The lamps, and how bright it is."""

    def __init__(self, config: Config, lamps: dict[str, Light]) -> None:
        self.lamps = lamps
        self._config, self._level = config, None if config.when != "sensor" else 0.0

    def hear(self, text: str) -> None:
        """What the sensor says."""
        try:
            value = json.loads(text)
            self._level = float(
                value[self._config.sensor_key] if self._config.sensor_key else value
            )
        except (ValueError, TypeError, KeyError, RecursionError):
            return  # it also says other things, like how its battery is

    @property
    def is_dark(self) -> bool:
        """By what is set. Where a sensor has said nothing it is dark: rather a light too many."""
        config, house = self._config, self._config.house
        if config.when == "sensor":
            return (self._level or 0.0) < config.sensor_below
        if config.when == "hours" and config.hours_from and config.hours_to:
            hours = DailyWindow(config.hours_from, config.hours_to)
            return hours.contains(datetime.now().astimezone().time())
        if config.when == "night" and house.latitude is not None and house.longitude is not None:
            return is_dark(datetime.now(UTC), house.latitude, house.longitude)
        return config.when == "always"


@contextmanager
def open_porch(config: Config) -> Iterator[Porch]:
    """All lamps, and the sensor's topic."""
    with ExitStack() as stack:
        lamps = {name: open_light(name, link, config.state_dir) for name in config.lamps}
        for lamp in lamps.values():
            stack.enter_context(closing(lamp))
        porch = Porch(config, lamps)
        if config.when == "sensor" and config.sensor_topic:
            link.follow(config.sensor_topic, porch.hear)
        yield porch


def look(event: Event, config: Config, porch: Porch) -> str:
    """The dry run: ask the lamps how they are, and leave them so."""
    found = {name: porch.lamps[name].read(DRILL_PATIENCE_S) for name in config.at(event.door)[0]}
    if silent := [name for name, shot in found.items() if shot is None]:
        raise ConnectionError(
            f"the lamp {', '.join(silent)} does not answer. Has it power, and is its name right?"
        )
    return ", ".join(f"the lamp is {_word(shot)}" for shot in found.values())


@handler("doorbell.pressed", timeout_s=20, max_age_s=120, uses=open_porch, drill=look)
def light(event: Event, config: Config, porch: Porch) -> str:
    """Light them. That, and how to put them back, is written down before one is touched, so that no crash loses it."""
    names, scene = config.at(event.door)
    if not porch.is_dark and not any(_key(name) in memory for name in names):
        return "it is light outside"
    words = [_light(event, name, porch.lamps[name], scene, config.minutes * 60) for name in names]
    return f"on for {config.minutes:g} min, was {', '.join(words)}"


def _light(event: Event, name: str, lamp: Light, scene: LampState, seconds: float) -> str:
    """A press while it is on lengthens only; when somebody has switched it off since, that is how it was before."""
    later("light.expired", seconds, {"lamp": name}, subject=_slug(name))
    now, known = lamp.read(), memory.get(_key(name))
    is_ours = bool(known and now and _is_as_left(now, known))
    if (
        known
        and is_ours
        and known["left"] == scene.as_json()
        and event.attempt == 1
        and not event.redelivered
    ):
        return _word(_before(known))
    is_a_wish = now and not is_ours and not event.redelivered and event.attempt == 1
    before = now if not known or is_a_wish else _before(known)
    written = {"before": before and before.as_json(), "left": scene.as_json()}
    memory[_key(name)] = written
    checkpoint()
    lamp.put(scene)
    if (seen := lamp.read()) and seen.on:  # what it made of that, with its own limits
        memory[_key(name)] = written | {"seen": seen.as_json()}
    return _word(before)


@handler("light.expired", timeout_s=20, attempts=TRIES, uses=open_porch)
def restore(event: Event, config: Config, porch: Porch) -> str:  # noqa: ARG001 - a handler's signature
    """The time is up, perhaps after a crash: put it back, unless somebody has changed it meanwhile."""
    name = event.data["lamp"]
    lamp, known = porch.lamps.get(name), memory.get(_key(name))
    if lamp is None or known is None:
        memory.pop(_key(name), None)
        return "it is no lamp of ours any more" if known else "it was never switched"
    before, now = _before(known), lamp.read(PATIENCE_S)
    if now and not _is_as_left(now, known):
        del memory[_key(name)]
        return f"somebody has changed it: left {_word(now)}"
    if before and not now and event.attempt < TRIES:
        raise ConnectionError(f"the lamp {name} answered before, and does not now. Has it power?")
    lamp.put(before or OFF)
    del memory[_key(name)]
    return f"back to {_word(before or OFF)}"


def _key(name: str) -> str:
    return f"lit {name}"


def _is_as_left(now: LampState, known: dict[str, Any]) -> bool:
    """Whether it is as it said it was after our word, or as that word was, as far as it named anything."""
    left, seen, before = LampState(**known["left"]), known.get("seen"), _before(known)
    if seen and is_unchanged(now, LampState(**seen), before=None):
        return True
    says = left.brightness is not None or left.colour is not None
    return (says or not seen) and is_unchanged(now, left, before)


def _before(known: dict[str, Any]) -> LampState | None:
    """How it was; None if it did not say."""
    return LampState(**known["before"]) if known["before"] else None


def _word(state: LampState | None) -> str:
    if state is None:
        return "silent: it did not say how it was"
    return "on" if state.on else "off"


def _slug(name: str) -> str:
    """A lamp's name as a timer's subject."""
    return f"{re.sub(r'[^a-z0-9_-]', '-', name.lower())[:50]}-{crc32(name.encode()):08x}"
