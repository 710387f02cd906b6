"""Make the bell heard in the house: a bark or a chime of our own making, or the person's own sound."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from time import monotonic
from typing import Annotated, Literal

from pydantic import Field

from devices.speaker.library import fault_in_playing, fault_in_sound, find_sound
from devices.speaker.speaker import Speaker, fault_in_name, open_speaker
from hub import Event, HandlerConfig, checkpoint, handler, later, quiet

LATE_S = 5.0  # a repeat that was due while nobody ran wakes people for a visitor who has gone
Percent = Annotated[float, Field(ge=0, le=100)]


class Config(HandlerConfig):
    """Settings of `bark`."""

    speaker: str = Field(
        "auto", description="auto, default, simulated, or part of a sound card's name"
    )
    sound: str = Field(
        "bark", description="bark, ding, ding-dong, three-tone, westminster, gong, or a sound file"
    )
    sound_at: dict[str, str] = Field(
        {}, description="another sound at a door, like { back = 'gong' }"
    )
    volume: Percent = Field(80, description="in percent")
    volume_from: dict[time, Percent] = Field(
        {}, description="another one from a time on, like { '20:00' = 30 }"
    )
    overlap: Literal["queue", "skip", "mix"] = Field(
        "queue", description="what becomes of a ring during the sound"
    )
    repeats: int = Field(0, ge=0, le=20, description="how often it sounds again if nobody answers")
    repeat_s: float = Field(10, ge=1, le=300, description="and after how many seconds each")
    even_when_quiet: bool = Field(False, description="also in quiet hours")

    def check(self) -> list[str]:
        """Every sound is there."""
        named = {"sound": self.sound} | {
            f"sound_at: {door}": name for door, name in self.sound_at.items()
        }
        faults = [
            f"{key}: {fault}" for key, name in named.items() if (fault := fault_in_sound(name))
        ]
        return faults + self.faults_in_doors("sound_at", self.sound_at)

    def absent(self) -> list[str]:
        """A sound card that is not there, or a file that is no sound, is better told now."""
        fault, sounds = fault_in_name(self.speaker), {self.sound, *self.sound_at.values()}
        silent = [f"sound: {why}" for name in sorted(sounds) if (why := fault_in_playing(name))]
        return [f"speaker: {fault}"] * bool(fault) + silent


class Bell:
    """The speaker, what it plays, and when it ended."""

    def __init__(self, config: Config, speaker: Speaker) -> None:
        self.speaker = speaker
        self._config = config
        self._files = {
            name: find_sound(name, config.state_dir)
            for name in (config.sound, *config.sound_at.values())
        }
        self._ended_s = -math.inf

    def ring(self, door: str) -> str:
        """Play this door's sound, at this hour's volume."""
        sound, percent = self.sound(door), _volume(datetime.now().astimezone().time(), self._config)
        length_s = self.speaker.play(sound, percent / 100, wait=self._config.overlap != "mix")
        self._ended_s = monotonic()
        return f"{sound.name} for {length_s:.1f} s at {percent:g} %"

    def sounded_at(self, event: Event) -> bool:
        """Whether something was to be heard when it happened."""
        return event.age_s() >= monotonic() - self._ended_s

    def sound(self, door: str) -> Path:
        """What this door sounds like."""
        return self._files[self._config.sound_at.get(door, self._config.sound)]


@contextmanager
def open_bell(config: Config) -> Iterator[Bell]:
    """The speaker, and what it plays."""
    speaker = open_speaker(config.speaker, config.state_dir / "heard")
    try:
        yield Bell(config, speaker)
    finally:
        speaker.close()


def listen(event: Event, config: Config, bell: Bell) -> str:  # noqa: ARG001 - a handler's signature
    """The dry run: the sound decodes and the card opens, and nobody is woken."""
    sound = bell.sound(event.door)
    found = bell.speaker.check(sound)
    return f"{sound.name} can be played; {found}"


@handler(
    "doorbell.pressed",
    timeout_s=60,
    max_age_s=15,
    attempts=2,
    on_redelivery="skip",
    uses=open_bell,
    drill=listen,
)
def bark(event: Event, config: Config, bell: Bell) -> str:
    """Sound, unless people sleep. A visitor who left does not need it, so it is never late and never repeated."""
    if (reason := quiet.reason()) and not config.even_when_quiet:
        return f"silent: {reason}"
    if config.overlap == "skip" and bell.sounded_at(event):
        return "it sounded already"
    if config.repeats:
        later("bark.again", config.repeat_s, {"left": config.repeats})
        checkpoint()
    return bell.ring(event.door)


@handler("bark.again", timeout_s=60, attempts=1, on_redelivery="skip", uses=open_bell)
def again(event: Event, config: Config, bell: Bell) -> str:
    """Nobody has answered: sound once more, and so on."""
    left = int(event.data["left"]) - 1
    if left < 0:
        return "somebody has answered"
    if event.age_s() > LATE_S:
        return "it is too late for that"
    if (reason := quiet.reason()) and not config.even_when_quiet:
        return f"silent: {reason}"
    if left:
        later("bark.again", config.repeat_s, {"left": left})
        checkpoint()
    return bell.ring(event.door)


@handler("visitor.answered", "visit.missed", max_age_s=3600)
def stop_repeats(event: Event, config: Config) -> str:
    """Somebody has answered, or the visitor is gone: no more repeats."""
    if event.data.get("answer") == "snooze" or event.data.get("late") or not config.repeats:
        return "no reason to stop"
    later("bark.again", 0, {"left": 0})
    return "no more repeats"


def _volume(now: time, config: Config) -> float:
    """That of the last time of day that has come; before the first one it is still yesterday's last."""
    if not config.volume_from:
        return config.volume
    times = sorted(config.volume_from)
    return config.volume_from[next((at for at in reversed(times) if at <= now), times[-1])]
