"""What a talk is heard from: a sound card, or a file that has what would have been heard."""

import logging
import wave
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from devices.speaker.cards import PLAYBACK
from devices.speaker.sounds.samples import SpeakerError
from devices.talk.audio.card import running
from devices.talk.audio.pace import paced
from devices.talk.audio.pcm import BLOCK_BYTES, RATE_HZ, SAMPLE_BYTES

log = logging.getLogger(__name__)
Take = Callable[[int], bytes]
KEPT = 50
PART = ".part"


class Loudspeaker(Protocol):
    """A speaker that plays what comes, without knowing what comes next."""

    def playing(self, take: Take) -> AbstractContextManager[None]:
        """Play while this lasts.

        Args:
            take: Gives so many bytes of sound; see `devices.talk.audio.pcm`. It is called in
                another thread.

        Raises:
            SpeakerError: The sound card is not there, or cannot be used now.
        """


class CardLoudspeaker:
    """A sound card, which is open only while it plays.

    Args:
        device: A part of its name as the system lists it; None for the default one.
    """

    def __init__(self, device: str | None) -> None:
        self._device = device

    @contextmanager
    def playing(self, take: Take) -> Iterator[None]:
        """See Loudspeaker."""
        with running(PLAYBACK, attrgetter("PlaybackDevice"), self._device, _stream(take)):
            yield


class SimulatedLoudspeaker:
    """Writes each talk into a WAV file, at the pace at which it would be heard.

    The file's name says when its first sample was taken (UTC).

    Args:
        folder: Where to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def playing(self, take: Take) -> Iterator[None]:
        """See Loudspeaker."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = datetime.now(UTC).strftime("talk-%Y%m%dT%H%M%S.%f.wav")
        part = self._folder / f"{name}{PART}"
        with wave.open(str(part), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(SAMPLE_BYTES)
            file.setframerate(RATE_HZ)
            try:
                with paced(lambda: file.writeframes(take(BLOCK_BYTES))):
                    yield
            finally:
                file.close()
                part.rename(self._folder / name)
                self._tidy()

    def _tidy(self) -> None:
        for old in sorted(self._folder.glob("talk-*.wav"))[:-KEPT]:
            old.unlink(missing_ok=True)


def open_loudspeaker(name: str, folder: Path) -> Loudspeaker:
    """A speaker by its name. Nothing is opened, and no library loaded, before it plays.

    Args:
        name: `auto` (a sound card if there is one, otherwise simulated), `simulated`, `default`, or
            a part of a sound card's name.
        folder: Where a simulated one writes.
    """
    if name == "auto" and not is_there():
        log.info("no sound card: what is said at the door is written to %s", folder)
        name = "simulated"
    if name == "simulated":
        for part in folder.glob(f"talk-*{PART}"):  # of a process that was killed
            part.unlink(missing_ok=True)
        return SimulatedLoudspeaker(folder)
    return CardLoudspeaker(None if name in ("auto", "default") else name)


def is_there() -> bool:
    """Whether the machine has a sound card that plays."""
    try:
        PLAYBACK.require()
    except SpeakerError:
        return False
    return True


def _stream(take: Take) -> Generator[bytes, int, None]:
    """The generator that miniaudio's PlaybackDevice wants."""
    frames = yield b""
    while True:
        frames = yield take(frames * SAMPLE_BYTES)
