"""The loudspeaker: a sound card, or files that contain what would have been heard."""

import logging
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from devices.speaker.alsa import AlsaSpeaker
from devices.speaker.sounds.samples import (
    CHANNELS,
    RATE_HZ,
    DecodedSounds,
    SpeakerError,
    decode,
    import_miniaudio,
    read_wav,
    write_wav,
)

if TYPE_CHECKING:
    from devices.speaker.sounds.samples import Samples

log = logging.getLogger(__name__)


class Speaker(Protocol):
    """Something that plays sounds."""

    def prepare(self, sound: Path, volume: float) -> None:
        """Decode a sound file now, so that `play` need not.

        Raises:
            SpeakerError: The file cannot be decoded.
        """

    def play(self, sound: Path, volume: float, *, wait: bool = True) -> float:
        """Play a sound file.

        Args:
            sound: A WAV, FLAC or MP3 file.
            volume: 0 (silent) to 1 (as recorded).
            wait: Return when the sound has ended. Otherwise return at once; sounds that play at
                the same time are mixed.

        Returns:
            The length of the sound, in seconds.

        Raises:
            SpeakerError: The file cannot be decoded, or the sound card cannot be used. Another
                attempt later may succeed.
        """

    def check(self, sound: Path | None = None) -> str:
        """Decode a sound file, and open the sound card, without playing anything.

        Returns:
            What was found, in words.

        Raises:
            SpeakerError: The file cannot be decoded, or the sound card cannot be opened now.
        """

    def close(self) -> None:
        """Stop playing, and release the sound card."""


@dataclass
class _Recording:
    """A sound at one volume, and the last file that has it."""

    samples: "Samples"
    channels: int
    rate_hz: int
    file: Path | None = None

    def write(self, path: Path) -> None:
        """Make a file of it: another name for the last one, if there is one."""
        try:
            if self.file is None:
                raise FileNotFoundError
            path.hardlink_to(self.file)
        except OSError:  # it was removed, or the file system has no hard links
            write_wav(path, self.samples, self.channels, self.rate_hz)
        self.file = path


class SimulatedSpeaker:
    """Writes what would have been heard into WAV files. What is heard again takes no more space.

    Args:
        folder: Where to write them.
        keep: How many files stay; older ones are removed.
    """

    def __init__(self, folder: Path, *, keep: int = 50) -> None:
        self._folder = folder
        self._keep = keep
        self._files = deque(sorted(folder.glob("heard-*.wav")))  # the oldest first
        self._sounds = DecodedSounds(_record)

    def prepare(self, sound: Path, volume: float) -> None:
        """See Speaker."""
        self._sounds.get(sound, volume)

    def play(self, sound: Path, volume: float, *, wait: bool = True) -> float:  # noqa: ARG002
        """See Speaker. Without miniaudio it can only read WAV."""
        recording = self._sounds.get(sound, volume)
        file = self._folder / datetime.now(UTC).strftime("heard-%Y%m%dT%H%M%S.%f.wav")
        recording.write(file)
        self._files.append(file)
        while len(self._files) > self._keep:
            self._files.popleft().unlink(missing_ok=True)
        return len(recording.samples) / recording.channels / recording.rate_hz

    def check(self, sound: Path | None = None) -> str:
        """See Speaker."""
        if sound:
            _record(sound, 1)
        return "no sound card is in use: nothing would be heard"

    def close(self) -> None:
        """See Speaker."""


def _record(sound: Path, volume: float) -> _Recording:
    try:
        return _Recording(decode(import_miniaudio(), sound, volume), CHANNELS, RATE_HZ)
    except SpeakerError:
        if sound.suffix.lower() != ".wav":
            raise
        samples, (channels, rate_hz) = read_wav(sound, volume)
        return _Recording(samples, channels, rate_hz)


def fault_in_speaker(name: str) -> str | None:
    """Check a speaker's name without opening the sound card.

    Returns:
        Why there is no such speaker; None if there is one.
    """
    if name in ("auto", "simulated"):
        return None
    try:
        _open_card(name)
    except SpeakerError as error:
        return f"{error}"
    return None


def open_speaker(name: str, folder: Path) -> Speaker:
    """Open a speaker.

    Args:
        name: `auto` (a sound card if there is one, otherwise simulated), `simulated`, `default`,
            or a part of a sound card's name.
        folder: Where a simulated speaker writes its files.

    Raises:
        SpeakerError: There is no such sound card.
    """
    if name == "simulated":
        return SimulatedSpeaker(folder)
    if name != "auto":
        return _open_card(name)
    try:
        speaker = AlsaSpeaker()
        speaker.check()
    except SpeakerError as error:
        log.info("no sound here (%s); sounds are written to %s", error, folder)
        return SimulatedSpeaker(folder)
    return speaker


def _open_card(name: str) -> AlsaSpeaker:
    return AlsaSpeaker(None if name == "default" else name)
