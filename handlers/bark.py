"""Let the dog bark: one of our own making, or the person's own sound."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import Self

from pydantic import Field, FilePath, model_validator

from devices.bark import write_bark
from devices.speaker import Speaker, fault_in_name, open_speaker
from hub import Event, HandlerConfig, handler


class Config(HandlerConfig):
    """Settings of `bark`."""

    speaker: str = Field("auto", description="auto, default, simulated, or part of a sound card's name")
    sound: FilePath | None = Field(None, description="a WAV, FLAC or MP3 file; the synthesised bark if not set")
    volume: float = Field(80, ge=0, le=100, description="in percent")
    quiet_from: time | None = Field(None, description="no barking from then on, like 22:00")
    quiet_to: time | None = Field(None, description="until then, like 07:00")

    @model_validator(mode="after")
    def _quiet_has_two_ends(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet_from and quiet_to go together. Set both, or neither")
        return self

    def absent(self) -> list[str]:
        """A sound card that is not there is better told now."""
        fault = fault_in_name(self.speaker)
        return [f"speaker: {fault}"] if fault else []


@contextmanager
def kennel(config: Config) -> Iterator[tuple[Speaker, Path]]:
    """The speaker, and what it plays."""
    sound = config.sound or write_bark(config.state_dir / "bark.wav")
    speaker = open_speaker(config.speaker, config.state_dir / "heard")
    try:
        yield speaker, sound
    finally:
        speaker.close()


def listen(event: Event, config: Config, dog: tuple[Speaker, Path]) -> str:  # noqa: ARG001 - a handler's signature
    """The dry run: the sound decodes and the card opens, and nobody is woken."""
    speaker, sound = dog
    found = speaker.check(sound)
    return f"{sound.name} can be played; {found}"


@handler("doorbell.pressed", max_age_s=15, attempts=2, on_redelivery="skip", uses=kennel, drill=listen)
def bark(event: Event, config: Config, dog: tuple[Speaker, Path]) -> str:  # noqa: ARG001 - a handler's signature
    """Bark, unless people sleep. A visitor who left does not need it, so it is never late and never repeated."""
    if _is_quiet(datetime.now().astimezone().time(), config):
        return "quiet hours"
    speaker, sound = dog
    length_s = speaker.play(sound, config.volume / 100)
    return f"{sound.name} for {length_s:.1f} s at {config.volume:g} %"


def _is_quiet(now: time, config: Config) -> bool:
    """Whether it is between the two times; over midnight when the first is the later one."""
    begin, end = config.quiet_from, config.quiet_to
    if begin is None or end is None:
        return False
    return begin <= now < end if begin <= end else now >= begin or now < end
