"""Mixes several sounds for a sound card, which takes one stream."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devices.speaker.sounds.samples import CHANNELS, RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Generator

    from devices.speaker.sounds.samples import Samples

BUFFERED = RATE_HZ // 4 * CHANNELS  # samples that a card may hold after it was given the last one
LOUDEST = 32_767
SAMPLE_BYTES = 2


@dataclass
class Playing:
    """A sound that is being played.

    Attributes:
        samples: The whole sound: 16 bits, stereo, 44,100 Hz.
        position: How many samples the card has taken. What follows the end is silence.
        ended: Set when the last sample has left the card.
    """

    samples: Samples
    position: int = 0
    ended: threading.Event = field(default_factory=threading.Event)


class Mixer:
    """Gives the card the sum of all sounds that play, and silence when there are none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._playing: list[Playing] = []

    def add(self, samples: Samples) -> Playing:
        """Play a sound from the next samples on that the card asks for."""
        playing = Playing(samples)
        with self._lock:
            self._playing.append(playing)
        return playing

    @property
    def is_busy(self) -> bool:
        """Whether a sound is still playing."""
        return bool(self._playing)

    def clear(self) -> None:
        """Drop all sounds."""
        with self._lock:
            self._playing.clear()

    def stream(self) -> Generator[bytes, int, None]:
        """The generator that miniaudio's PlaybackDevice wants.

        It is sent a number of frames, and yields so many as bytes (16 bits, stereo).
        """
        frames = yield b""
        while True:
            frames = yield self._next(frames * CHANNELS)

    def _next(self, count: int) -> bytes:
        with self._lock:
            parts = []
            for one in self._playing:
                part = one.samples[one.position : one.position + count]
                if part:
                    parts.append(part)
                one.position += count
                if one.position > len(one.samples) + BUFFERED:
                    one.ended.set()
            self._playing = [one for one in self._playing if not one.ended.is_set()]
        mixed = parts[0] if len(parts) == 1 else _sum(parts)
        return mixed.tobytes() + bytes(SAMPLE_BYTES * (count - len(mixed)))


def _sum(parts: list[Samples]) -> Samples:
    """Add the sounds sample by sample. A sum that is too loud is clipped."""
    mixed = [0] * max(map(len, parts), default=0)
    for part in parts:
        for i, sample in enumerate(part):
            mixed[i] += sample
    return array("h", (max(-LOUDEST, min(LOUDEST, sample)) for sample in mixed))
