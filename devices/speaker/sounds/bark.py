"""A dog's bark, synthesised: each woof is a falling, rough tone with breath in front of it."""

import math
import random
from array import array
from pathlib import Path

from devices.speaker.sounds.samples import write_wav

RATE_HZ = 22_050
WOOF_S = 0.28
PAUSE_S = 0.12
PEAK = 28_000  # of 32,767


def write_bark(path: Path, woofs: int = 2) -> Path:
    """Write a bark as WAV (16 bits, mono, 22,050 Hz). Every call gives the same sound.

    Args:
        path: The file to write.
        woofs: How many times the dog barks.

    Returns:
        The same path.
    """
    chance = random.Random(1)
    samples = array("h")
    for _ in range(woofs):
        samples.extend(_woof(chance))
        samples.extend([0] * int(PAUSE_S * RATE_HZ))
    return write_wav(path, samples, 1, RATE_HZ)


def _woof(chance: random.Random) -> list[int]:
    count = int(WOOF_S * RATE_HZ)
    raw = []
    phase = 0.0
    for i in range(count):
        t = i / count
        pitch_hz = 620 * (1 - t) ** 1.5 + 170  # from a yelp down to the chest
        phase += 2 * math.pi * pitch_hz * (1 + 0.06 * chance.uniform(-1, 1)) / RATE_HZ
        tone = math.sin(phase) + 0.55 * math.sin(2 * phase) + 0.35 * math.sin(3 * phase)
        breath = chance.uniform(-1, 1) * math.exp(-t * 9)
        loudness = min(1.0, t * 28) * math.exp(-t * 4.2)
        raw.append(loudness * math.tanh(1.6 * (tone + 0.9 * breath)))
    top = max(map(abs, raw))
    return [int(PEAK * value / top) for value in raw]
