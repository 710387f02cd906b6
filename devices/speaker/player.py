"""Plays named sounds on one speaker, with one rule for sounds that overlap."""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import time
from itertools import islice, product
from pathlib import Path
from time import monotonic
from typing import Literal

from devices.speaker.sounds.library import find_sound
from devices.speaker.sounds.samples import KEPT, SpeakerError
from devices.speaker.speaker import Speaker, open_speaker

Overlap = Literal["queue", "skip", "mix"]


class SoundPlayer:
    """A speaker and the sounds for it.

    Args:
        speaker: Where to play.
        sounds: The files of the sounds, by name.
        overlap: What to do with a sound that is wanted while another one plays: play it after
            that (`queue`), leave it out (`skip`), or play it together with that (`mix`).

    Attributes:
        speaker: Where to play.
    """

    def __init__(
        self, speaker: Speaker, sounds: Mapping[str, Path], overlap: Overlap = "queue"
    ) -> None:
        self.speaker = speaker
        self._sounds = sounds
        self._overlap = overlap
        self._ended = -math.inf  # monotonic seconds

    def leaves_out(self, age_s: float) -> bool:
        """Whether the overlap rule leaves out a sound, because another one was playing.

        Args:
            age_s: How long ago the sound was wanted, in seconds.
        """
        return self._overlap == "skip" and age_s >= monotonic() - self._ended

    def play(self, name: str, percent: float) -> str:
        """Play a sound.

        Args:
            name: Its name.
            percent: The volume, 0 to 100.

        Returns:
            What was played, in words.

        Raises:
            SpeakerError: It cannot be played now. Another attempt later may succeed.
        """
        sound = self._sounds[name]
        length_s = self.speaker.play(sound, percent / 100, wait=self._overlap != "mix")
        self._ended = monotonic()
        return f"{sound.name} for {length_s:.1f} s at {percent:g} %"

    def check(self, name: str) -> str:
        """Decode a sound, and open the sound card, without playing anything.

        Returns:
            What was found, in words.

        Raises:
            SpeakerError: The sound cannot be played now.
        """
        sound = self._sounds[name]
        return f"{sound.name} can be played; {self.speaker.check(sound)}"


@contextmanager
def open_player(
    speaker: str,
    sounds: Iterable[str],
    folder: Path,
    overlap: Overlap = "queue",
    volumes: Iterable[float] = (),
) -> Iterator[SoundPlayer]:
    """Open a speaker with some sounds, and close it at the end.

    Args:
        speaker: The speaker's name; see `open_speaker`.
        sounds: The sounds' names; see `find_sound`.
        folder: Where built-in sounds and the files of a simulated speaker are written.
        overlap: See SoundPlayer.
        volumes: In percent; the sounds are decoded at these now, as many as are kept, so that no
            visitor waits for that.

    Raises:
        SpeakerError: There is no such sound card.
    """
    files = {name: find_sound(name, folder) for name in sounds}
    opened = open_speaker(speaker, folder / "heard")
    for percent, sound in islice(product(volumes, files.values()), KEPT):
        with suppress(SpeakerError):  # it is raised again, and reported, when it is to be heard
            opened.prepare(sound, percent / 100)
    try:
        yield SoundPlayer(opened, files, overlap)
    finally:
        opened.close()


def volume_at(now: time, default: float, schedule: Mapping[time, float]) -> float:
    """The volume at a time of day.

    Args:
        now: The local time.
        default: The volume without a schedule, in percent.
        schedule: The volume from each time of day on, in percent. Before the first time of the
            day the last one of the day before still holds.
    """
    if not schedule:
        return default
    times = sorted(schedule)
    begun = [at for at in times if at <= now] or times
    return schedule[begun[-1]]
