"""What is late is dropped and never piled up, and no word is lost to the chime."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from devices.talk.audio.pcm import BLOCK_BYTES, bytes_for
from devices.talk.jitter_buffer import LARGEST_START_S, LONGEST_S, MORE_S, START_S, JitterBuffer

LOUD = array("h", [9_000]).tobytes()


def loud(seconds):
    """Sound without a pause."""
    return LOUD * (bytes_for(seconds) // 2)


def test_nothing_is_heard_before_enough_waits():
    """Then it flows; each block is whole, filled up with silence."""
    buffer = JitterBuffer()
    buffer.put(loud(START_S / 2))
    assert buffer.take(BLOCK_BYTES) == bytes(BLOCK_BYTES)
    buffer.put(loud(START_S / 2))
    assert buffer.take(BLOCK_BYTES) == loud(0.02)


def test_after_a_gap_more_has_to_wait():
    """Up to a bound: a bad network is heard later, not in pieces."""
    buffer = JitterBuffer()
    for _ in range(20):
        buffer.put(loud(LARGEST_START_S))
        while any(buffer.take(BLOCK_BYTES)):
            pass
    buffer.put(loud(LARGEST_START_S - MORE_S))
    assert not any(buffer.take(BLOCK_BYTES))
    buffer.put(loud(MORE_S))
    assert any(buffer.take(BLOCK_BYTES))


def test_the_chime_comes_first_and_the_words_wait():
    """The first of them is not lost."""
    chime = array("h", [1]).tobytes() * 1600
    buffer = JitterBuffer(chime)
    buffer.put(loud(0.1))
    assert buffer.take(len(chime)) == chime
    assert buffer.take(bytes_for(0.1)) == loud(0.1)


def test_what_waited_is_made_up_for_in_a_pause():
    """A pause is left out while more waits than needs to, and words never are."""
    buffer = JitterBuffer(bytes(BLOCK_BYTES))
    buffer.put(bytes(bytes_for(0.3)) + loud(0.2))
    buffer.take(BLOCK_BYTES)
    heard = b"".join(buffer.take(BLOCK_BYTES) for _ in range(20))
    assert heard.lstrip(b"\0")[: len(loud(0.19))].count(LOUD) >= bytes_for(0.19) // 2
    assert heard.index(LOUD) < bytes_for(0.05)


def test_the_end_is_heard_although_it_is_short():
    """One word of a few milliseconds."""
    buffer = JitterBuffer()
    buffer.put(loud(0.01))
    buffer.end()
    assert buffer.take(BLOCK_BYTES).startswith(loud(0.01))
    assert buffer.is_empty


@given(st.lists(st.one_of(st.binary(max_size=9000).map(lambda it: it * 2), st.integers(2, 4000))))
def test_it_is_never_longer_than_it_may_be(steps):
    """Whatever comes and is taken; and each block is as long as was asked."""
    buffer = JitterBuffer()
    for step in steps:
        if isinstance(step, bytes):
            buffer.put(step)
        else:
            assert len(buffer.take(2 * step)) == 2 * step
        assert len(buffer._waiting) <= bytes_for(LONGEST_S)
