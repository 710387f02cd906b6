"""The loudspeaker: a sound card through miniaudio (ALSA), or a file that shows what would have been heard."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from devices.speaker.alsa import AlsaSpeaker
from devices.speaker.samples import (
    CHANNELS,
    RATE_HZ,
    SpeakerError,
    decode,
    import_miniaudio,
    read_wav,
    write_wav,
)

if TYPE_CHECKING:
    from devices.speaker.samples import Samples

__all__ = [
    "AlsaSpeaker",
    "SimulatedSpeaker",
    "Speaker",
    "SpeakerError",
    "fault_in_name",
    "open_speaker",
]

log = logging.getLogger(__name__)


HEARD = 50  # sounds that are kept, where there is no card to play them


class Speaker(Protocol):
    """Something that makes a sound heard."""

    def play(self, sound: Path, volume: float, *, wait: bool = True) -> float:
        """Play a WAV, FLAC or MP3 file.

        Args:
            sound: The file.
            volume: 0 (silent) to 1 (as recorded).
            wait: Return when it has been heard; else at once, and what plays already is mixed with it.

        Returns:
            How long it is, in seconds.

        Raises:
            SpeakerError: the file cannot be decoded, or the sound card is gone; trying again later may help.
        """

    def check(self, sound: Path | None = None) -> str:
        """Decode a file and open the card, and be not heard; gives what was found, in words.

        Raises:
            SpeakerError: the file cannot be decoded, or the sound card cannot be opened now.
        """

    def close(self) -> None:
        """Let go of it."""


class SimulatedSpeaker:
    """Writes what would have been heard into one WAV file after another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def play(self, sound: Path, volume: float, *, wait: bool = True) -> float:  # noqa: ARG002 - a file is no sound
        """See Speaker. Without miniaudio only WAV can be read."""
        samples, shape = self._read(sound, volume)
        write_wav(
            self._folder / datetime.now(UTC).strftime("heard-%Y%m%dT%H%M%S.%f.wav"), samples, *shape
        )
        for old in sorted(self._folder.glob("heard-*.wav"))[:-HEARD]:
            old.unlink(missing_ok=True)
        return len(samples) / shape[0] / shape[1]

    def check(self, sound: Path | None = None) -> str:
        """See Speaker."""
        if sound:
            self._read(sound, 1)
        return "no sound card is in use: nobody would hear it"

    def _read(self, sound: Path, volume: float) -> "tuple[Samples, tuple[int, int]]":
        try:
            return decode(import_miniaudio(), sound, volume), (CHANNELS, RATE_HZ)
        except SpeakerError:
            if sound.suffix.lower() != ".wav":
                raise
            return read_wav(sound, volume)

    def close(self) -> None:
        """See Speaker."""


def fault_in_name(name: str) -> str | None:
    """Why no speaker can be had under this name; None when one may. Nothing is opened."""
    if name in ("auto", "simulated"):
        return None
    try:
        AlsaSpeaker(None if name == "default" else name)
    except SpeakerError as error:
        return f"{error}"
    return None


def open_speaker(name: str, folder: Path) -> Speaker:
    """The speaker of this name: `auto` (a sound card if there is one), `simulated`, `default`, or part of a name.

    Raises:
        SpeakerError: there is no such sound card.
    """
    if name == "simulated":
        return SimulatedSpeaker(folder)
    if name == "auto":
        try:
            speaker = AlsaSpeaker()
            speaker.check()
        except SpeakerError as error:
            log.info("no sound here (%s); what would be heard is written to %s", error, folder)
            return SimulatedSpeaker(folder)
        return speaker
    return AlsaSpeaker(None if name == "default" else name)
