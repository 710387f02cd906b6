"""Chimes, synthesised: struck metal is a few partials that each die away at their own pace."""

import math
from array import array
from pathlib import Path

from devices.speaker.samples import write_wav

RATE_HZ = 22_050
PEAK = 28_000  # of 32,767
PARTIALS = (
    (1.0, 1.0, 2.2),
    (2.76, 0.45, 4.0),
    (5.4, 0.22, 7.5),
)  # of a bar: pitch, loudness, decay a second
STRIKES: dict[
    str, tuple[tuple[float, float], ...]
] = {  # when, in seconds, and at what pitch, in hertz
    "ding": ((0.0, 880.0),),
    "ding-dong": ((0.0, 659.3), (0.55, 523.3)),
    "three-tone": ((0.0, 784.0), (0.4, 659.3), (0.8, 523.3)),
    "westminster": (
        (0.0, 659.3),
        (0.6, 523.3),
        (1.2, 587.3),
        (1.8, 392.0),
    ),  # the first quarter: E C D G
    "gong": ((0.0, 130.8),),
}
RING_S = 1.4  # how long the last one rings


def write_chime(path: Path, name: str) -> Path:
    """Write a chime as WAV: 16 bits, mono, 22,050 Hz. The same at every call.

    Args:
        path: Where to.
        name: One of STRIKES.
    """
    strikes = STRIKES[name]
    sound = [0.0] * int((strikes[-1][0] + RING_S) * RATE_HZ)
    for begin_s, pitch_hz in strikes:
        _strike(sound, int(begin_s * RATE_HZ), pitch_hz)
    top = max(map(abs, sound))
    return write_wav(path, array("h", (int(PEAK * value / top) for value in sound)), 1, RATE_HZ)


def _strike(sound: list[float], begin: int, pitch_hz: float) -> None:
    for i in range(begin, len(sound)):
        t = (i - begin) / RATE_HZ
        attack = min(1.0, t * 400)
        end = min(1.0, (len(sound) - i) / (0.05 * RATE_HZ))  # no click when it is cut off
        partials = (
            loud * math.exp(-decay * t) * math.sin(math.tau * pitch_hz * of * t)
            for of, loud, decay in PARTIALS
        )
        sound[i] += attack * end * sum(partials)
