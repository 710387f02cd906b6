"""What hears the visitor: a sound card, a file that is played again and again, or a soft tone."""

import logging
import math
import wave
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from devices.machine import expanded
from devices.speaker.cards import CAPTURE
from devices.speaker.sounds.samples import SpeakerError, import_miniaudio
from devices.talk.audio.card import running
from devices.talk.audio.pace import paced
from devices.talk.audio.pcm import BLOCK_BYTES, RATE_HZ, SAMPLE_BYTES

log = logging.getLogger(__name__)
Hear = Callable[[bytes], object]
TONE_HZ = 440.0
TONE_PEAK = 2_000
SHAPE = (1, SAMPLE_BYTES, RATE_HZ)


class Microphone(Protocol):
    """Something that hears."""

    def hearing(self, hear: Hear) -> AbstractContextManager[None]:
        """Hear while this lasts.

        Args:
            hear: Gets what comes, about 20 ms of sound a time; see `devices.talk.audio.pcm`. It is
                called in another thread.

        Raises:
            SpeakerError: The microphone is not there, or cannot be used now.
        """


class CardMicrophone:
    """A microphone of a sound card, which is open only while somebody listens.

    Args:
        device: A part of its name as the system lists it; None for the default one.
    """

    def __init__(self, device: str | None) -> None:
        self._device = device

    @contextmanager
    def hearing(self, hear: Hear) -> Iterator[None]:
        """See Microphone."""
        with running(CAPTURE, attrgetter("CaptureDevice"), self._device, _stream(hear)):
            yield


class SimulatedMicrophone:
    """Hears a sound again and again, at the pace of a real one.

    Args:
        sound: What it hears; see `devices.talk.audio.pcm`.
    """

    def __init__(self, sound: Callable[[], bytes]) -> None:
        self._sound = sound

    @contextmanager
    def hearing(self, hear: Hear) -> Iterator[None]:
        """See Microphone."""
        sound = self._sound()
        blocks = count()

        def step() -> None:
            begin = next(blocks) * BLOCK_BYTES % len(sound)
            block = sound[begin : begin + BLOCK_BYTES]
            hear(block + sound[: BLOCK_BYTES - len(block)])

        with paced(step):
            yield


def open_microphone(name: str) -> Microphone:
    """A microphone by its name. Nothing is opened, and no library loaded, before it hears.

    Args:
        name: `auto` (a sound card's if there is one, otherwise simulated), `simulated`, `default`,
            a part of a sound card's name, or a sound file.
    """
    if name == "auto" and not is_there():
        log.info("no microphone: those who listen hear a tone")
        name = "simulated"
    if name == "simulated":
        return SimulatedMicrophone(_tone)
    if is_file(name):
        return SimulatedMicrophone(lambda: read(expanded(name)))
    return CardMicrophone(None if name in ("auto", "default") else name)


def is_file(name: str) -> bool:
    """Whether this names a file, and not a card."""
    return "/" in name or name.lower().endswith((".wav", ".flac", ".mp3"))


def is_there() -> bool:
    """Whether the machine has a microphone."""
    try:
        CAPTURE.require()
    except SpeakerError:
        return False
    return True


def read(path: Path) -> bytes:
    """The sound of a file. Without miniaudio it has to be a WAV of the very shape.

    Raises:
        SpeakerError: It is not there, or cannot be read.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if file.getparams()[:3] == SHAPE:
                return _some(path, file.readframes(file.getnframes()))
    except (OSError, EOFError, wave.Error):
        pass  # miniaudio may read it
    miniaudio = import_miniaudio()
    try:
        decoded = miniaudio.decode_file(
            str(path),
            output_format=miniaudio.SampleFormat.SIGNED16,
            nchannels=1,
            sample_rate=RATE_HZ,
        )
    except (miniaudio.MiniaudioError, OSError) as error:
        raise SpeakerError(f"{path}: cannot be heard: {error}. Is it a sound file?") from error
    return _some(path, decoded.samples.tobytes())


def _some(path: Path, sound: bytes) -> bytes:
    if len(sound) < BLOCK_BYTES:
        raise SpeakerError(f"{path}: there is nothing to hear in it")
    return sound


def _tone() -> bytes:
    """A fifth of a second of a soft tone in each second: one hears that it hears."""
    tone = array("h", bytes(RATE_HZ * SAMPLE_BYTES))
    for at in range(RATE_HZ // 5):
        tone[at] = int(TONE_PEAK * math.sin(math.tau * TONE_HZ * at / RATE_HZ))
    return tone.tobytes()


def _stream(hear: Hear) -> Generator[None, bytes, None]:
    """The generator that miniaudio's CaptureDevice wants."""
    while True:
        hear(bytes((yield)))
