"""The pause before the next attempt grows, has a limit, and differs between clients."""

from hypothesis import given
from hypothesis import strategies as st

from hub.system.backoff import Backoff, backoff_s

SECONDS = st.floats(0.001, 1e6)


@given(st.integers(1, 10_000), SECONDS, SECONDS, st.floats(0, 1))
def test_a_pause_lies_between_half_and_all_of_its_ceiling(attempt, first_s, longest_s, chance):
    """The ceiling doubles with each attempt up to the longest, however many attempts there are."""
    pause_s = backoff_s(attempt, first_s, longest_s, lambda low, high: low + (high - low) * chance)
    ceiling_s = min(longest_s, first_s * 2.0 ** min(attempt - 1, 60))
    assert ceiling_s / 2 <= pause_s * (1 + 1e-12)
    assert pause_s <= ceiling_s * (1 + 1e-12)


def test_a_ceiling_doubles_until_the_longest():
    """1, 2, 4, 8, and then no more than the longest."""
    assert [backoff_s(n, 1, 10, max) for n in range(1, 7)] == [1, 2, 4, 8, 10, 10]
    assert [backoff_s(n, 1, 10, min) for n in range(1, 7)] == [0.5, 1, 2, 4, 5, 5]


def test_chance_decides_by_itself():
    """By default two pauses differ."""
    assert len({backoff_s(3, 1, 300) for _ in range(20)}) > 1


def test_failures_in_a_row_are_counted_until_one_success():
    """After a success counting begins again."""
    backoff = Backoff(1, 100, max)
    assert [backoff.next_s() for _ in range(4)] == [1, 2, 4, 8]
    backoff.reset()
    assert backoff.next_s() == 1
