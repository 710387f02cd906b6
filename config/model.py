"""The settings of the house, as plain models."""

import re
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from config import places
from config.cross_faults import cross_faults
from config.faults import CrossFaultsError
from config.section import Name, Section
from config.tables.broker import Broker
from config.tables.door import Door
from config.tables.homeassistant import HomeAssistant
from config.tables.trigger import Trigger
from config.tables.web import Web
from config.written import Written

CLOCK_NAMES = {"sunrise", "sunset", "quiet_began", "quiet_ended", "day_ended"}


class House(Section):
    """`[house]`: where the house is, for the time of sunrise and sunset; and its language."""

    latitude: float | None = Field(None, ge=-90, le=90, description="degrees north")
    longitude: float | None = Field(None, ge=-180, le=180, description="degrees east")
    language: str = Field("en", description="of notifications and of what is spoken at the door")

    @field_validator("language")
    @classmethod
    def _is_a_code(cls, language: str) -> str:
        if not re.fullmatch("[a-z]{2,3}", language):
            raise ValueError(
                "not the code of a language. Write two or three small letters, like en"
            )
        return language

    @model_validator(mode="after")
    def _place_is_whole(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together. Set both, or neither")
        return self

    @property
    def place(self) -> tuple[float | None, float | None]:
        """Latitude and longitude."""
        return self.latitude, self.longitude


class JournalSettings(Section):
    """`[journal]`: how long events are kept. What a handler still needs is kept in any case."""

    keep_days: float = Field(90, gt=0, description="older events are removed")
    max_mb: float = Field(
        64, ge=1, description="the oldest events are removed when all of them take more than this"
    )
    forget_consumers_days: float = Field(
        30,
        gt=0,
        description="events are no longer kept for a handler that was not seen for so long",
    )


class Drill(Section):
    """`[drill]`: the nightly drill. Without a time there is none."""

    at: time | None = Field(None, description="when, by the local clock")
    timeout_s: float = Field(
        60, ge=5, le=240, description="a handler that has not answered by then counts as failed"
    )


class Quiet(Section):
    """`[quiet]`: when nothing makes a sound. Recording, notifications and lights go on."""

    begin: time | None = Field(None, description="from then on, by the local clock")
    end: time | None = Field(
        None, description="until then; on the next day if it is earlier than begin"
    )

    @model_validator(mode="after")
    def _has_two_ends(self) -> Self:
        if (self.begin is None) != (self.end is None):
            raise ValueError("begin and end go together. Set both, or neither")
        return self


class ClockSettings(Section):
    """`[clock]`: events at times of the day, to which handlers can react like to a press."""

    sun: bool = Field(
        False, description="clock.sunrise and clock.sunset; needs the place in [house]"
    )
    quiet: bool = Field(False, description="clock.quiet_began and clock.quiet_ended")
    summary_at: time | None = Field(
        None, description="clock.day_ended: the presses of the 24 hours before"
    )
    at: dict[Name, time] = Field(
        default_factory=dict, description="clock.NAME at a time of your own"
    )
    late_max_s: float = Field(
        10_800,
        ge=60,
        le=86_400,
        description="a time that the hub missed is published if it is not later than this",
    )

    @field_validator("at")
    @classmethod
    def _names_are_free(cls, at: dict[str, time]) -> dict[str, time]:
        if taken := sorted({name.replace("-", "_") for name in at} & CLOCK_NAMES):
            raise ValueError(
                f"{', '.join(taken)} is an event of the hub itself. Choose another name"
            )
        return at


class Chime(Section):
    """`[chime]`: the hub's own sound, for a press to which no handler reacts.

    Without a speaker or relay there is none.
    """

    speaker: str | None = Field(
        None, description="auto, default, simulated, or part of a sound card's name"
    )
    relay: int | None = Field(
        None, ge=0, le=53, description="or the GPIO line (BCM number) of an electric chime's relay"
    )
    active: Literal["high", "low"] = Field(
        "high", description="the level at which the relay closes"
    )
    after_s: float = Field(
        3,
        ge=0.5,
        le=60,
        description="seconds that a reaction may take; without a broker the chime rings at once",
    )
    sound: Path | None = Field(
        None, description="a WAV, FLAC or MP3 file; a synthesised ding-dong if not set"
    )
    volume: float = Field(80, ge=0, le=100, description="in percent")
    strike_s: float = Field(0.4, gt=0, le=5, description="for how long the relay closes")


class Settings(Section):
    """Everything in `doorbell.toml`, except for the tables of handlers.

    Each handler's file has the model of its own table.
    """

    house: House = House()
    broker: Broker = Broker()
    journal: JournalSettings = JournalSettings()
    drill: Drill = Drill()
    chime: Chime = Chime()
    quiet: Quiet = Quiet()
    clock: ClockSettings = ClockSettings()
    web: Web = Web()
    homeassistant: HomeAssistant = HomeAssistant()
    hub: Name = Field("home", description="the name of this hub on the broker")
    doors: dict[Name, Door] = Field(
        default_factory=lambda: {"front": Door(name="Front door")}, min_length=1
    )
    triggers: dict[Name, Trigger] = Field(default_factory=dict)
    handlers: dict[str, dict[str, Any]] = Field(default_factory=dict)
    handlers_dir: Path = Path("handlers")
    state_dir: Path = Path("~/.local/state/doorbell")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    _written: Written = PrivateAttr(default_factory=Written)

    @property
    def written(self) -> Written:
        """The file that they were read from; an empty one where they were not."""
        return self._written

    def read_from(self, written: Written) -> None:
        """Note the file that they were read from."""
        self._written = written

    @model_validator(mode="after")
    def _tables_fit_each_other(self) -> Self:
        if faults := list(cross_faults(self)):
            raise CrossFaultsError(faults)
        return self

    def gpio_lines(self) -> Iterator[tuple[int, str]]:
        """The GPIO lines (BCM numbers) that the hub uses, each with the table that sets it."""
        for name, door in self.doors.items():
            if door.button.driver == "gpio" and door.button.pin is not None:
                yield door.button.pin, f"[doors.{name}.button]"
            if door.led and door.led.pin is not None:
                yield door.led.pin, f"[doors.{name}.led]"
        if self.chime.relay is not None:
            yield self.chime.relay, "[chime]"

    @property
    def house_dir(self) -> Path:
        """The state folder of the house; `state_dir` is this process's own part of it."""
        depth = len(places.own_folder().parts)
        return self.state_dir.parents[depth - 1] if depth else self.state_dir

    def door_name(self, door: str) -> str:
        """What people call the door: its `name`, or its key made readable."""
        known = self.doors.get(door)
        if known and known.name:
            return known.name
        return f"{door.replace('_', ' ').replace('-', ' ')} door".capitalize()
