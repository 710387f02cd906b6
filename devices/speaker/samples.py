"""Sound files as samples: WAV, FLAC and MP3, at one rate and one volume."""

from __future__ import annotations

import wave
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    Samples = array[int]

RATE_HZ = 44_100
CHANNELS = 2


class SpeakerError(RuntimeError):
    """It cannot be played; the text says why and what to do."""


def decode(miniaudio: Any, sound: Path, volume: float) -> Samples:
    """The file's sound as 16-bit stereo samples at 44,100 Hz, with the volume applied.

    Raises:
        SpeakerError: it is missing or no WAV, FLAC or MP3.
    """
    try:
        decoded = miniaudio.decode_file(
            str(sound),
            output_format=miniaudio.SampleFormat.SIGNED16,
            nchannels=CHANNELS,
            sample_rate=RATE_HZ,
        )
    except (miniaudio.MiniaudioError, OSError) as error:
        raise SpeakerError(f"{sound}: cannot be played: {error}. WAV, FLAC and MP3 can") from error
    return _louder(decoded.samples, volume)


def read_wav(sound: Path, volume: float) -> tuple[Samples, tuple[int, int]]:
    """A WAV file without miniaudio: its samples, and their channels and rate in hertz.

    Raises:
        SpeakerError: it is missing, or no WAV of 16 bits.
    """
    try:
        with wave.open(str(sound), "rb") as file:
            if file.getsampwidth() != 2:  # noqa: PLR2004 - 16 bits
                raise SpeakerError(
                    f"{sound}: not 16 bits. Install doorbell-hub[sound], or convert it"
                )
            samples = array("h", file.readframes(file.getnframes()))
            return _louder(samples, volume), (file.getnchannels(), file.getframerate())
    except (OSError, EOFError, wave.Error) as error:
        raise SpeakerError(f"{sound}: cannot be played: {error}") from error


def write_wav(path: Path, samples: Samples, channels: int, rate_hz: int) -> Path:
    """Write 16-bit samples as WAV, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    with wave.open(str(aside), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return aside.replace(path)


def import_miniaudio() -> Any:
    """The library that decodes and plays.

    Raises:
        SpeakerError: it is not installed.
    """
    try:
        import miniaudio  # noqa: PLC0415 - hardware only where it is used
    except ImportError as error:
        raise SpeakerError(f"{error}. Install doorbell-hub[sound]") from error
    return miniaudio


def _louder(samples: Samples, volume: float) -> Samples:
    level = max(0.0, min(1.0, volume))
    return samples if level == 1.0 else array("h", (int(sample * level) for sample in samples))


def check_sound(sound: Path) -> None:
    """Decode it, as whoever plays it would.

    Raises:
        SpeakerError: it cannot be.
    """
    try:
        decode(import_miniaudio(), sound, 1)
    except SpeakerError:
        if sound.suffix.lower() != ".wav":
            raise
        read_wav(sound, 1)
