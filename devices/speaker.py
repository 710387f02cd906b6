"""The loudspeaker: a sound card through miniaudio (ALSA), or a file that shows what would have been heard."""

from __future__ import annotations

import logging
import threading
import wave
from array import array
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator

    Samples = array[int]

log = logging.getLogger(__name__)
RATE_HZ = 44_100
CHANNELS = 2


class Speaker(Protocol):
    """Something that makes a sound heard."""

    def play(self, sound: Path, volume: float) -> float:
        """Play a WAV, FLAC or MP3 file and return when it has been heard.

        Args:
            sound: The file.
            volume: 0 (silent) to 1 (as recorded).

        Returns:
            How long it was, in seconds.

        Raises:
            SpeakerError: the file cannot be decoded, or the sound card is gone.
        """

    def check(self, sound: Path | None = None) -> str:
        """Decode a file and open the card, and be not heard; gives what was found, in words.

        Raises:
            SpeakerError: the file cannot be decoded, or the sound card cannot be opened now.
        """

    def close(self) -> None:
        """Let go of it."""


class SpeakerError(RuntimeError):
    """It cannot be played; the text says why and what to do."""


class AlsaSpeaker:
    """A sound card, through miniaudio, which decodes and plays.

    Args:
        device: Part of the device's name as the system lists it; None takes the default one.

    Raises:
        SpeakerError: miniaudio is missing, or there is no such device.
    """

    def __init__(self, device: str | None = None) -> None:
        self._miniaudio = _import_miniaudio()
        if not any(Path("/dev/snd").glob("pcm*p")):
            raise SpeakerError("no sound card: /dev/snd has none. `aplay -l` shows what there is")
        backends = [self._miniaudio.Backend.ALSA]
        try:
            found = self._miniaudio.Devices(backends).get_playbacks()
        except self._miniaudio.MiniaudioError as error:
            raise SpeakerError(f"no sound card can be used: {error}. `aplay -l` shows what there is") from error
        wanted = [card for card in found if device is None or device.lower() in card["name"].lower()]
        if not wanted:
            names = ", ".join(card["name"] for card in found) or "none"
            raise SpeakerError(f"there is no sound card named like {device!r}. There are: {names}")
        self._card_id = wanted[0]["id"] if device else None
        self._backends = backends

    def play(self, sound: Path, volume: float) -> float:
        """See Speaker."""
        samples = decode(self._miniaudio, sound, volume)
        heard = threading.Event()
        try:
            with self._open() as card:
                stream = _stream(samples, heard)
                next(stream)
                card.start(stream)
                length_s = len(samples) / CHANNELS / RATE_HZ
                if not heard.wait(length_s + 5):
                    raise SpeakerError("the sound card stopped taking sound")
                return length_s
        except self._miniaudio.MiniaudioError as error:
            raise SpeakerError(f"the sound card cannot be used now: {error}") from error

    def close(self) -> None:
        """See Speaker. Nothing is held between two sounds."""

    def check(self, sound: Path | None = None) -> str:
        """See Speaker."""
        if sound:
            decode(self._miniaudio, sound, 1)
        try:
            self._open().close()
        except self._miniaudio.MiniaudioError as error:
            raise SpeakerError(f"the sound card cannot be used now: {error}") from error
        return "the sound card opens"

    def _open(self) -> Any:
        return self._miniaudio.PlaybackDevice(
            nchannels=CHANNELS, sample_rate=RATE_HZ, device_id=self._card_id, backends=self._backends
        )


class SimulatedSpeaker:
    """Writes what would have been heard into one WAV file after another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def play(self, sound: Path, volume: float) -> float:
        """See Speaker. Without miniaudio only WAV can be read."""
        samples, shape = self._read(sound, volume)
        self._folder.mkdir(parents=True, exist_ok=True)
        name = datetime.now(UTC).strftime("heard-%Y%m%dT%H%M%S.%f.wav")
        with wave.open(str(self._folder / name), "wb") as file:
            file.setnchannels(shape[0])
            file.setsampwidth(2)
            file.setframerate(shape[1])
            file.writeframes(samples.tobytes())
        return len(samples) / shape[0] / shape[1]

    def check(self, sound: Path | None = None) -> str:
        """See Speaker."""
        if sound:
            self._read(sound, 1)
        return "no sound card is in use: nobody would hear it"

    def _read(self, sound: Path, volume: float) -> tuple[Samples, tuple[int, int]]:
        try:
            return decode(_import_miniaudio(), sound, volume), (CHANNELS, RATE_HZ)
        except SpeakerError:
            if sound.suffix.lower() != ".wav":
                raise
            return _read_wav(sound, volume)

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


def decode(miniaudio: Any, sound: Path, volume: float) -> Samples:
    """The file's sound as 16-bit stereo samples at 44,100 Hz, with the volume applied.

    Raises:
        SpeakerError: it is missing or no WAV, FLAC or MP3.
    """
    try:
        decoded = miniaudio.decode_file(
            str(sound), output_format=miniaudio.SampleFormat.SIGNED16, nchannels=CHANNELS, sample_rate=RATE_HZ
        )
    except (miniaudio.MiniaudioError, OSError) as error:
        raise SpeakerError(f"{sound}: cannot be played: {error}. WAV, FLAC and MP3 can") from error
    return _louder(decoded.samples, volume)


def _louder(samples: Samples, volume: float) -> Samples:
    level = max(0.0, min(1.0, volume))
    return samples if level == 1.0 else array("h", (int(sample * level) for sample in samples))


def _read_wav(sound: Path, volume: float) -> tuple[Samples, tuple[int, int]]:
    try:
        with wave.open(str(sound), "rb") as file:
            if file.getsampwidth() != 2:  # noqa: PLR2004 - 16 bits
                raise SpeakerError(f"{sound}: not 16 bits. Install doorbell-hub[sound], or convert it")
            samples = array("h", file.readframes(file.getnframes()))
            return _louder(samples, volume), (file.getnchannels(), file.getframerate())
    except (OSError, EOFError, wave.Error) as error:
        raise SpeakerError(f"{sound}: cannot be played: {error}") from error


def _stream(samples: Samples, heard: threading.Event) -> Generator[bytes, int, None]:
    """Give the card what it asks for, then silence until what is in its buffer has been heard."""
    data, position = memoryview(samples), 0
    frames = yield b""
    while position < len(samples):
        end = position + frames * CHANNELS
        chunk = data[position:end].tobytes()
        position = end
        frames = yield chunk + bytes(frames * CHANNELS * 2 - len(chunk))
    silent = 0
    while True:
        if silent > RATE_HZ // 4:
            heard.set()
        silent += frames
        frames = yield bytes(frames * CHANNELS * 2)


def _import_miniaudio() -> Any:
    try:
        import miniaudio  # noqa: PLC0415 - hardware only where it is used
    except ImportError as error:
        raise SpeakerError(f"{error}. Install doorbell-hub[sound]") from error
    return miniaudio
