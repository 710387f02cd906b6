"""What a sound card gets when nothing, one thing or several play."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from devices.speaker.sounds.mixer import BUFFERED, LOUDEST, Mixer
from devices.speaker.sounds.samples import CHANNELS

SOUNDS = st.lists(st.integers(-LOUDEST, LOUDEST), max_size=400).map(
    lambda half: array("h", [s for s in half for _ in (0, 1)])
)


def _take(stream, frames):
    chunk = array("h")
    chunk.frombytes(stream.send(frames))
    assert len(chunk) == frames * CHANNELS
    return chunk


def _started(mixer):
    stream = mixer.stream()
    next(stream)
    return stream


@given(sound=SOUNDS, asked=st.lists(st.integers(1, 1024), min_size=1, max_size=20))
def test_the_card_gets_exactly_the_sound_and_then_silence(sound, asked):
    """The sizes do not matter; `ended` comes after the sound and the card's buffer."""
    mixer = Mixer()
    stream, playing = _started(mixer), mixer.add(sound)
    got = array("h")
    for frames in asked:
        got += _take(stream, frames)
        assert playing.ended.is_set() == (len(got) > len(sound) + BUFFERED)
    while not playing.ended.is_set():
        got += _take(stream, 4096)
    assert got[: len(sound)] == sound
    assert not any(got[len(sound) :])
    assert not mixer.is_busy


@given(first=SOUNDS, second=SOUNDS, after=st.integers(0, 300))
def test_two_sounds_are_heard_together(first, second, after):
    """Each is heard from its beginning to its end. A sum that is too loud is clipped."""
    mixer = Mixer()
    stream = _started(mixer)
    one = mixer.add(first)
    got = _take(stream, after) if after else array("h")
    two = mixer.add(second)
    while mixer.is_busy:
        got += _take(stream, 512)
    assert one.ended.is_set()
    assert two.ended.is_set()
    begin = after * CHANNELS
    for i in range(max(len(first), begin + len(second))):
        expected = (first[i] if i < len(first) else 0) + (
            second[i - begin] if begin <= i < begin + len(second) else 0
        )
        assert got[i] == max(-LOUDEST, min(LOUDEST, expected))


def test_silence_is_silence():
    """A card that asks while nothing plays gets zeros."""
    assert not any(_take(_started(Mixer()), 100))
