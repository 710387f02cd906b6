"""Sound files as samples: WAV, FLAC and MP3, at one rate and one volume."""

from __future__ import annotations

import wave
from array import array
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from devices.device_error import DeviceError
from devices.machine.atomic_file import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Samples = array[int]

RATE_HZ = 44_100
CHANNELS = 2
SAMPLE_BYTES = 2
INSTALL = "Install the sound library: .venv/bin/pip install -e '.[sound]'"
KEPT = 8  # sounds, each at one volume
Decoded = TypeVar("Decoded")


class SpeakerError(DeviceError, RuntimeError):
    """A sound cannot be played. The text says why, and what to do."""


class DecodedSounds(Generic[Decoded]):
    """Keeps the last decoded sounds, because decoding takes a while on a Raspberry Pi.

    Args:
        decode: Decodes a sound file at a volume.
    """

    def __init__(self, decode: Callable[[Path, float], Decoded]) -> None:
        self._decode = decode
        self._kept: dict[tuple[Path, int, float], Decoded] = {}

    def get(self, sound: Path, volume: float) -> Decoded:
        """The decoded sound; it is decoded anew when its file has changed.

        Raises:
            SpeakerError: The file cannot be decoded.
        """
        modified_ns = sound.stat().st_mtime_ns if sound.exists() else 0
        key = sound, modified_ns, volume
        if key not in self._kept:
            while len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self._decode(sound, volume)
        return self._kept[key]


def decode(miniaudio: Any, sound: Path, volume: float) -> Samples:
    """Decode a file to 16-bit stereo samples at 44,100 Hz.

    Args:
        miniaudio: The library, from `import_miniaudio`.
        sound: A WAV, FLAC or MP3 file.
        volume: 0 (silent) to 1 (as recorded).

    Raises:
        SpeakerError: The file is missing, or is no WAV, FLAC or MP3.
    """
    try:
        decoded = miniaudio.decode_file(
            str(sound),
            output_format=miniaudio.SampleFormat.SIGNED16,
            nchannels=CHANNELS,
            sample_rate=RATE_HZ,
        )
    except (miniaudio.MiniaudioError, OSError) as error:
        raise SpeakerError(
            f"{sound}: cannot be played: {error}. It must be WAV, FLAC or MP3"
        ) from error
    return _scaled(decoded.samples, volume)


def read_wav(sound: Path, volume: float) -> tuple[Samples, tuple[int, int]]:
    """Read a WAV file without miniaudio.

    Args:
        sound: A WAV file of 16 bits.
        volume: 0 (silent) to 1 (as recorded).

    Returns:
        The samples, and their shape: the number of channels and the rate in hertz.

    Raises:
        SpeakerError: The file is missing, or is no WAV of 16 bits.
    """
    try:
        with wave.open(str(sound), "rb") as file:
            if file.getsampwidth() != SAMPLE_BYTES:
                raise SpeakerError(f"{sound}: not 16 bits. {INSTALL}, or convert it")
            samples = array("h", file.readframes(file.getnframes()))
            return _scaled(samples, volume), (file.getnchannels(), file.getframerate())
    except (OSError, EOFError, wave.Error) as error:
        raise SpeakerError(f"{sound}: cannot be played: {error}") from error


def write_wav(path: Path, samples: Samples, channels: int, rate_hz: int) -> Path:
    """Write 16-bit samples as WAV, complete or not at all.

    Returns:
        The same path.

    Raises:
        OSError: The file cannot be written.
    """
    with atomic_write(path) as part, wave.open(str(part), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return path


def import_miniaudio() -> Any:
    """Import the library that decodes and plays.

    Raises:
        SpeakerError: It is not installed.
    """
    try:
        import miniaudio  # noqa: PLC0415 - 10 MB, for a process with a speaker
    except ImportError as error:
        raise SpeakerError(f"{error}. {INSTALL}") from error
    return miniaudio


def check_sound(sound: Path) -> None:
    """Decode a file as a speaker would.

    Raises:
        SpeakerError: It cannot be decoded.
    """
    try:
        decode(import_miniaudio(), sound, 1)
    except SpeakerError:
        if sound.suffix.lower() != ".wav":
            raise
        read_wav(sound, 1)


def _scaled(samples: Samples, volume: float) -> Samples:
    level = max(0.0, min(1.0, volume))
    if level == 1.0:
        return samples
    return array("h", (int(sample * level) for sample in samples))
