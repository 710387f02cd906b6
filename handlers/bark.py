"""Make the bell heard in the house: a bark, a chime, or your own sound."""

from contextlib import AbstractContextManager
from datetime import datetime, time
from typing import Annotated

from pydantic import Field

from devices.speaker import (
    Overlap,
    SoundPlayer,
    fault_in_playing,
    fault_in_sound,
    fault_in_speaker,
    open_player,
    volume_at,
)
from hub import Event, HandlerConfig, checkpoint, handler, later, quiet

LATE_S = 5.0  # after an outage a repeat would wake people for a visitor who has left
Percent = Annotated[float, Field(ge=0, le=100)]


class Config(HandlerConfig):
    """Settings of `bark`."""

    speaker: str = Field("auto", description="auto, default, simulated, or part of a card's name")
    sound: str = Field("bark", description="bark, ding, ding-dong, three-tone, …, or a sound file")
    sound_at: dict[str, str] = Field({}, description="by door, like { back = 'gong' }")
    volume: Percent = Field(80, description="in percent")
    volume_from: dict[time, Percent] = Field({}, description="by time, like { '20:00' = 30 }")
    overlap: Overlap = Field("queue", description="what becomes of a ring during the sound")
    repeats: int = Field(0, ge=0, le=20, description="repeats while no answer comes")
    repeat_s: float = Field(10, ge=1, le=300, description="seconds between two of them")
    even_when_quiet: bool = Field(False, description="also in quiet hours")

    def check(self) -> list[str]:
        """Find sounds and doors that do not exist."""
        named = {"sound": self.sound}
        named |= {f"sound_at: {door}": sound for door, sound in self.sound_at.items()}
        faults = {key: fault_in_sound(sound) for key, sound in named.items()}
        found = [f"{key}: {fault}" for key, fault in faults.items() if fault]
        return found + self.faults_in_doors("sound_at", self.sound_at)

    def absent(self) -> list[str]:
        """Find a sound card that is not there, and files that cannot be played."""
        faults = [("speaker", fault_in_speaker(self.speaker))]
        faults += [("sound", fault_in_playing(sound)) for sound in sorted(self.sounds)]
        return [f"{key}: {fault}" for key, fault in faults if fault]

    @property
    def sounds(self) -> set[str]:
        """The sounds of all doors."""
        return {self.sound, *self.sound_at.values()}


def open_bell(config: Config) -> AbstractContextManager[SoundPlayer]:
    """Open the speaker, with all sounds ready."""
    return open_player(config.speaker, config.sounds, config.state_dir, config.overlap)


def check(event: Event, config: Config, bell: SoundPlayer) -> str:
    """The dry run: decode the sound and open the card, in silence."""
    return bell.check(config.sound_at.get(event.door, config.sound))


@handler(
    "doorbell.pressed",
    timeout_s=60,
    max_age_s=15,
    attempts=2,
    on_redelivery="skip",
    uses=open_bell,
    drill=check,
)
def bark(event: Event, config: Config, bell: SoundPlayer) -> str:
    """Ring, except in quiet hours. A ring that is late is useless, so it is never repeated."""
    if (reason := quiet.reason()) and not config.even_when_quiet:
        return f"silent: {reason}"
    if bell.leaves_out(event.age_s()):
        return "it was ringing already"
    if config.repeats:
        later("bark.again", config.repeat_s, {"left": config.repeats})
        checkpoint()
    return _ring(event, config, bell)


@handler("bark.again", timeout_s=60, attempts=1, on_redelivery="skip", uses=open_bell)
def again(event: Event, config: Config, bell: SoundPlayer) -> str:
    """No answer has come: ring once more."""
    left = int(event.data["left"]) - 1
    if left < 0:
        return "the visitor was answered"
    if event.age_s() > LATE_S:
        return "it is too late for that"
    if (reason := quiet.reason()) and not config.even_when_quiet:
        return f"silent: {reason}"
    if left:
        later("bark.again", config.repeat_s, {"left": left})
        checkpoint()
    return _ring(event, config, bell)


@handler("visitor.answered", "visit.missed", max_age_s=3600)
def stop_repeats(event: Event, config: Config) -> str:
    """The visitor was answered, or has left: ring no more."""
    if event.data.get("answer") == "snooze" or event.data.get("late") or not config.repeats:
        return "no reason to stop"
    later("bark.again", 0, {"left": 0})
    return "no more repeats"


def _ring(event: Event, config: Config, bell: SoundPlayer) -> str:
    sound = config.sound_at.get(event.door, config.sound)
    now = datetime.now().astimezone().time()
    return bell.play(sound, volume_at(now, config.volume, config.volume_from))
