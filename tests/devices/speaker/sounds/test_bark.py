"""The dog: figures stand in for ears."""

import math
import wave
from array import array
from itertools import pairwise

import pytest

from devices.speaker import write_bark
from devices.speaker.sounds.bark import PAUSE_S, RATE_HZ, WOOF_S


def _read(path):
    with wave.open(str(path), "rb") as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        return shape, array("h", file.readframes(file.getnframes()))


def _rms(samples):
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


def test_the_dog_barks_the_same_at_every_call(tmp_path):
    """The same bytes, so that a sound that changed means that the code changed."""
    first = write_bark(tmp_path / "one.wav").read_bytes()
    assert write_bark(tmp_path / "two.wav").read_bytes() == first
    assert write_bark(tmp_path / "one.wav").read_bytes() == first


def test_a_bark_is_16_bit_mono(tmp_path):
    """Every speaker can play it, without miniaudio too."""
    shape, _ = _read(write_bark(tmp_path / "bark.wav"))
    assert shape == (1, 2, RATE_HZ)


@pytest.mark.parametrize("woofs", [1, 2, 3])
def test_a_bark_is_as_long_as_its_woofs(tmp_path, woofs):
    """Each woof has its pause, and is heard: the loudest sample of each is near the peak."""
    _, samples = _read(write_bark(tmp_path / "bark.wav", woofs))
    assert len(samples) / RATE_HZ == pytest.approx(woofs * (WOOF_S + PAUSE_S), abs=0.001)
    each = len(samples) // woofs
    assert all(max(map(abs, samples[n * each : (n + 1) * each])) > 25_000 for n in range(woofs))


def test_a_bark_is_loud_and_does_not_clip(tmp_path):
    """It nearly fills 16 bits without touching their end, and its woof has some substance."""
    _, samples = _read(write_bark(tmp_path / "bark.wav"))
    assert 25_000 < max(map(abs, samples)) < 32_000
    assert _rms(samples[: int(WOOF_S * RATE_HZ)]) > 4_000
    assert abs(sum(samples) / len(samples)) < 500


def test_a_bark_begins_and_ends_softly(tmp_path):
    """No click: the first sample is silent, and the last ones of a woof are faint."""
    _, samples = _read(write_bark(tmp_path / "bark.wav", 1))
    end = int(WOOF_S * RATE_HZ)
    assert samples[0] == 0
    assert max(map(abs, samples[end - 50 : end])) < 2_000
    assert not any(samples[end:])


def test_the_pitch_falls_from_a_yelp_to_the_chest(tmp_path):
    """A dog's woof falls: the line is crossed more often in its first third than in its last."""
    _, samples = _read(write_bark(tmp_path / "bark.wav", 1))
    third = int(WOOF_S * RATE_HZ) // 3

    def crossings(part):
        return sum(a < 0 <= b for a, b in pairwise(part))

    assert crossings(samples[:third]) > 1.5 * crossings(samples[2 * third : 3 * third]) > 0


def test_nothing_half_written_is_left(tmp_path):
    """The folder is made, and only the sound is in it."""
    path = write_bark(tmp_path / "new" / "bark.wav")
    assert list(path.parent.iterdir()) == [path]
