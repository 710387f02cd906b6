"""Chimes, synthesised: struck metal is a few partials, each of which decays at its own rate."""

import math
from array import array
from pathlib import Path

from devices.speaker.sounds.samples import write_wav

RATE_HZ = 22_050
PEAK = 28_000  # of 32,767
LAST_RING_S = 1.4  # how long the last strike rings
FADE_OUT_S = 0.05  # avoids a click at the end
ATTACK_PER_S = 400
# The partials of a metal bar: pitch and loudness relative to the first, decay per second.
PARTIALS = ((1.0, 1.0, 2.2), (2.76, 0.45, 4.0), (5.4, 0.22, 7.5))
# Each strike: when, in seconds, and its pitch, in hertz.
STRIKES: dict[str, tuple[tuple[float, float], ...]] = {
    "ding": ((0.0, 880.0),),
    "ding-dong": ((0.0, 659.3), (0.55, 523.3)),
    "three-tone": ((0.0, 784.0), (0.4, 659.3), (0.8, 523.3)),
    # The first quarter: E C D G.
    "westminster": ((0.0, 659.3), (0.6, 523.3), (1.2, 587.3), (1.8, 392.0)),
    "gong": ((0.0, 130.8),),
}


def write_chime(path: Path, name: str) -> Path:
    """Write a chime as WAV (16 bits, mono, 22,050 Hz). Every call gives the same sound.

    Args:
        path: The file to write.
        name: One of STRIKES.

    Returns:
        The same path.
    """
    strikes = STRIKES[name]
    last_strike_s = strikes[-1][0]
    sound = [0.0] * int((last_strike_s + LAST_RING_S) * RATE_HZ)
    for begin_s, pitch_hz in strikes:
        _add_strike(sound, int(begin_s * RATE_HZ), pitch_hz)
    top = max(map(abs, sound))
    return write_wav(path, array("h", (int(PEAK * value / top) for value in sound)), 1, RATE_HZ)


def _add_strike(sound: list[float], begin: int, pitch_hz: float) -> None:
    """Add a strike to the sound, from this sample on."""
    for i in range(begin, len(sound)):
        t = (i - begin) / RATE_HZ
        attack = min(1.0, t * ATTACK_PER_S)
        fade = min(1.0, (len(sound) - i) / (FADE_OUT_S * RATE_HZ))
        partials = (
            loudness * math.exp(-decay * t) * math.sin(math.tau * pitch_hz * factor * t)
            for factor, loudness, decay in PARTIALS
        )
        sound[i] += attack * fade * sum(partials)
