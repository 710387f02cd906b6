"""Something like speech: words, each with a glide of its own, and pauses between them."""

import math
import wave
from array import array
from itertools import accumulate
from operator import mul
from pathlib import Path

WORDS = 4
WORD_S = 0.4
PAUSE_S = 0.3
PEAK = 12_000
HARMONICS = 5
COARSE_HZ = 2_000  # enough for what is in a word


def word(number: int, rate_hz: int) -> array:
    """A word, loud in two places like one of two syllables."""
    count = int(WORD_S * rate_hz)
    pitches = (110 + 25 * number + (90 - 35 * number) * at / count for at in range(count))
    phases = accumulate(math.tau * pitch_hz / rate_hz for pitch_hz in pitches)
    return array("h", (int(_level(at / count) * _voice(phase)) for at, phase in enumerate(phases)))


def _level(at: float) -> float:
    return PEAK * math.sin(math.pi * at) ** 0.5 * (0.6 + 0.4 * math.cos(4 * math.pi * at))


def _voice(phase: float) -> float:
    return sum(math.sin(phase * part) / part for part in range(1, HARMONICS + 1)) / 2


def write_speech(path: Path, rate_hz: int) -> Path:
    """All words, with pauses, as a WAV file."""
    pause = bytes(2 * int(PAUSE_S * rate_hz))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        for number in range(WORDS):
            file.writeframes(word(number, rate_hz).tobytes() + pause)
    return path


def read_samples(path: Path) -> tuple[array, int]:
    """The samples of a WAV file of one channel, and their rate."""
    with wave.open(str(path), "rb") as file:
        return array("h", file.readframes(file.getnframes())), file.getframerate()


def likeness(said: array, heard: array, rate_hz: int) -> float:
    """How far `said` is found in `heard`: the highest normalised correlation, at most 1."""
    step = rate_hz // COARSE_HZ
    wanted, there = _coarse(said, step), _coarse(heard, step)
    size = len(wanted)
    energy = math.sqrt(sum(map(mul, wanted, wanted)))
    squares = [0.0, *accumulate(one * one for one in there)]
    best = 0.0
    for begin in range(len(there) - size + 1):
        here = math.sqrt(squares[begin + size] - squares[begin])
        if here > energy / 100:
            part = sum(map(mul, wanted, there[begin : begin + size]))
            best = max(best, abs(part) / energy / here)
    return best


def _coarse(samples: array, step: int) -> list[float]:
    return [sum(samples[at : at + step]) / step for at in range(0, len(samples) - step, step)]
