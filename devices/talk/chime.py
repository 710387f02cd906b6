"""The chime before the first word: two short notes, so that the visitor listens."""

import math
from array import array
from functools import cache

from devices.talk.audio.pcm import RATE_HZ

NOTES_HZ = (784.0, 1046.5)
NOTE_S = 0.15
PEAK = 12_000
EDGE_S = 0.01  # without a click


@cache
def chime() -> bytes:
    """The chime: 0.3 s."""
    return b"".join(map(_note, NOTES_HZ))


def _note(pitch_hz: float) -> bytes:
    count = int(NOTE_S * RATE_HZ)
    samples = array("h")
    for at in range(count):
        edge = min(at, count - at) / (EDGE_S * RATE_HZ)
        level = PEAK * min(1.0, edge) * math.exp(-4 * at / count)
        samples.append(int(level * math.sin(math.tau * pitch_hz * at / RATE_HZ)))
    return samples.tobytes()
