"""A sound card, through miniaudio, which decodes and plays (ALSA)."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from devices.speaker.cards import PLAYBACK
from devices.speaker.sounds.mixer import Mixer
from devices.speaker.sounds.samples import (
    CHANNELS,
    RATE_HZ,
    DecodedSounds,
    SpeakerError,
    decode,
    import_miniaudio,
)

if TYPE_CHECKING:
    from pathlib import Path

    from devices.speaker.sounds.samples import Samples

PATIENCE_S = 5.0  # a card that is so late with a sound has stopped
CLOSE_CHECK_S = 0.1


class AlsaSpeaker:
    """A sound card, which is open only while a sound plays, so that other programs can use it.

    The card is found by its name each time. One that was unplugged is found again when it is back,
    under any number.

    Args:
        device: A part of the device's name as the system lists it; None for the default device.

    Raises:
        SpeakerError: miniaudio is missing, or there is no such device now.
    """

    def __init__(self, device: str | None = None) -> None:
        self._miniaudio = import_miniaudio()
        self._device = device
        self._mixer = Mixer()
        self._sounds: DecodedSounds[Samples] = DecodedSounds(partial(decode, self._miniaudio))
        self._lock = threading.Lock()
        self._card: Any = None
        PLAYBACK.find(self._miniaudio, device)

    def prepare(self, sound: Path, volume: float) -> None:
        """See Speaker."""
        self._sounds.get(sound, volume)

    def play(self, sound: Path, volume: float, *, wait: bool = True) -> float:
        """See Speaker."""
        samples = self._sounds.get(sound, volume)
        length_s = len(samples) / CHANNELS / RATE_HZ
        with self._lock:
            playing = self._mixer.add(samples)
            if self._card is None:
                self._start()
        if wait and not playing.ended.wait(length_s + PATIENCE_S):
            self._stop()
            raise SpeakerError("the sound card stopped taking sound. Is it still plugged in?")
        return length_s

    def check(self, sound: Path | None = None) -> str:
        """See Speaker."""
        if sound:
            decode(self._miniaudio, sound, 1)
        with self._lock:
            if self._card is None:
                self._open().close()
        return "the sound card opens"

    def close(self) -> None:
        """See Speaker."""
        self._stop()

    def _start(self) -> None:
        try:
            card = self._open()
            stream = self._mixer.stream()
            next(stream)
            card.start(stream)
        except BaseException:
            self._mixer.clear()
            raise
        self._card = card
        threading.Thread(
            target=self._close_when_done, args=(card,), name="speaker", daemon=True
        ).start()

    def _close_when_done(self, card: Any) -> None:
        """Close the card after the last sound, in a thread: its own callback must not close it."""
        idle = threading.Event()
        while True:
            idle.wait(CLOSE_CHECK_S)
            with self._lock:
                if self._card is not card:
                    return
                if not self._mixer.is_busy:
                    self._card = None
                    break
        card.close()

    def _stop(self) -> None:
        with self._lock:
            card = self._card
            self._card = None
            self._mixer.clear()
        if card:
            with suppress(self._miniaudio.MiniaudioError):
                card.close()

    def _open(self) -> Any:
        card_id, backends = PLAYBACK.find(self._miniaudio, self._device)
        try:
            return self._miniaudio.PlaybackDevice(
                nchannels=CHANNELS, sample_rate=RATE_HZ, device_id=card_id, backends=backends
            )
        except self._miniaudio.MiniaudioError as error:
            raise SpeakerError(
                f"the sound card cannot be used now: {error}. Does another program use it?"
            ) from error
