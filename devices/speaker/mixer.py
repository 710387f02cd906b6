"""Several sounds at once, on a card that takes one stream."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devices.speaker.samples import CHANNELS, RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Generator

    from devices.speaker.samples import Samples

BUFFERED = (
    RATE_HZ // 4 * CHANNELS
)  # samples that a card may still hold when it has been given the last one
LOUDEST = 32_767


@dataclass
class Playing:
    """A sound on its way.

    Attributes:
        samples: All of it: 16 bits, stereo, 44,100 Hz.
        position: How many of them the card has taken; beyond the end that is silence.
        heard: Set when the last one has left the card.
    """

    samples: Samples
    position: int = 0
    heard: threading.Event = field(default_factory=threading.Event)


class Mixer:
    """Gives a card what it asks for: the sum of what plays now, and silence in between."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._playing: list[Playing] = []

    def add(self, samples: Samples) -> Playing:
        """Begin to play it with the next samples that the card asks for."""
        with self._lock:
            self._playing.append(playing := Playing(samples))
        return playing

    @property
    def is_busy(self) -> bool:
        """Whether something still has to be heard."""
        return bool(self._playing)

    def clear(self) -> None:
        """Drop what plays."""
        with self._lock:
            self._playing.clear()

    def stream(self) -> Generator[bytes, int, None]:
        """What miniaudio's PlaybackDevice wants: it sends numbers of frames and gets so many, as bytes."""
        frames = yield b""
        while True:
            frames = yield self._next(frames * CHANNELS)

    def _next(self, count: int) -> bytes:
        with self._lock:
            parts = [
                chunk
                for one in self._playing
                if (chunk := one.samples[one.position : one.position + count])
            ]
            for one in self._playing:
                one.position += count
                if one.position > len(one.samples) + BUFFERED:
                    one.heard.set()
            self._playing = [one for one in self._playing if not one.heard.is_set()]
        mixed = parts[0] if len(parts) == 1 else _sum(parts)
        return mixed.tobytes() + bytes(2 * (count - len(mixed)))


def _sum(parts: list[Samples]) -> Samples:
    """Sample by sample; what is too loud is cut off, not turned over."""
    mixed = [0] * max(map(len, parts), default=0)
    for part in parts:
        for i, sample in enumerate(part):
            mixed[i] += sample
    return array("h", (max(-LOUDEST, min(LOUDEST, sample)) for sample in mixed))
