"""Settings of a handler that makes a sound."""

from contextlib import AbstractContextManager
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, Field

from devices.speaker.player import Overlap, SoundPlayer, open_player, volume_at
from devices.speaker.sounds.library import fault_in_playing, fault_in_sound
from devices.speaker.speaker import fault_in_speaker

Percent = Annotated[float, Field(ge=0, le=100)]
LATE_S = 5.0  # after an outage a repeat would wake people for a visitor who has left


class SoundsInHouse(Protocol):
    """Settings of a handler with sounds: `class Config(HandlerConfig, SoundSettings)`."""

    @property
    def state_dir(self) -> Path:
        """See HandlerConfig."""

    def open_player(self, folder: Path) -> AbstractContextManager[SoundPlayer]:
        """See SoundSettings."""


class SpeakerSettings(BaseModel):
    """For a handler's settings: `class Config(HandlerConfig, SpeakerSettings)`."""

    speaker: str = Field("auto", description="auto, default, simulated, or part of a card's name")
    even_when_quiet: bool = Field(False, description="also in quiet hours")

    def silent_because(self, quiet: str | None) -> str | None:
        """The note of a handler that makes no sound now.

        Args:
            quiet: Why the house is quiet, from `hub.quiet.reason()`; None if it is not.

        Returns:
            The note; None if a sound may be made.
        """
        return f"silent: {quiet}" if quiet and not self.even_when_quiet else None


class SoundSettings(SpeakerSettings):
    """For a handler with a sound for each door: `class Config(HandlerConfig, SoundSettings)`."""

    sound: str = Field("bark", description="bark, ding, ding-dong, three-tone, …, or a sound file")
    sound_at: dict[str, str] = Field({}, description="by door, like { back = 'gong' }")
    volume: Percent = Field(80, description="in percent")
    volume_from: dict[time, Percent] = Field({}, description="by time, like { '20:00' = 30 }")
    overlap: Overlap = Field("queue", description="what becomes of a sound during another one")

    @property
    def sounds(self) -> set[str]:
        """The sounds of all doors."""
        return {self.sound, *self.sound_at.values()}

    def sound_for(self, door: str) -> str:
        """The sound of a door."""
        return self.sound_at.get(door, self.sound)

    def volume_now(self) -> float:
        """The volume at this time of day, in percent."""
        return volume_at(datetime.now().astimezone().time(), self.volume, self.volume_from)

    def faults_in_sounds(self) -> list[str]:
        """A line for each sound that does not exist, for `check`."""
        named = {"sound": self.sound}
        named |= {f"sound_at: {door}": sound for door, sound in self.sound_at.items()}
        faults = {key: fault_in_sound(sound) for key, sound in named.items()}
        return [f"{key}: {fault}" for key, fault in faults.items() if fault]

    def absent_sounds(self) -> list[str]:
        """A line if the speaker is not there, and for each sound that cannot be played.

        For `absent`.
        """
        faults = [("speaker", fault_in_speaker(self.speaker))]
        faults += [("sound", fault_in_playing(sound)) for sound in sorted(self.sounds)]
        return [f"{key}: {fault}" for key, fault in faults if fault]

    def open_player(self, folder: Path) -> AbstractContextManager[SoundPlayer]:
        """Open the speaker with all sounds at all volumes, and close it at the end.

        Args:
            folder: Where built-in sounds and the files of a simulated speaker are written.

        Raises:
            SpeakerError: There is no such sound card.
        """
        volumes = dict.fromkeys([self.volume_now(), self.volume, *self.volume_from.values()])
        return open_player(self.speaker, self.sounds, folder, self.overlap, volumes)

    def open_bell(self: SoundsInHouse) -> AbstractContextManager[SoundPlayer]:
        """Open the speaker, with its files in the handler's folder: for `uses=Config.open_bell`.

        Raises:
            SpeakerError: There is no such sound card.
        """
        return self.open_player(self.state_dir)


class RepeatedSoundSettings(SoundSettings):
    """For a handler that makes its sound again and again while no answer comes."""

    repeats: int = Field(0, ge=0, le=20, description="repeats while no answer comes")
    repeat_s: float = Field(10, ge=1, le=300, description="seconds between two of them")

    def repeats_end_because(self, left: int, age_s: float) -> str | None:
        """Why a repeat is left out.

        Args:
            left: How many repeats come after it; negative once an answer has come.
            age_s: How long ago its time came, in seconds.

        Returns:
            The note; None if the sound is to be made.
        """
        if left < 0:
            return "the visitor was answered"
        return "it is too late for that" if age_s > LATE_S else None
