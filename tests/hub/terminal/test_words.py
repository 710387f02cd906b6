"""Numbers as people read them."""

import pytest

from hub.terminal.words import count, milliseconds


@pytest.mark.parametrize(
    ("number", "thing", "words"),
    [
        (1, "press", "1 press"),
        (0, "event", "0 events"),
        (2, "dead letter", "2 dead letters"),
        (3, "press", "3 presses"),
        (4, "glitch", "4 glitches"),
        (5, "entry", "5 entries"),
        (6, "day", "6 days"),
    ],
)
def test_a_count_has_the_right_plural(number, thing, words):
    """One of a thing, or several, as English forms it."""
    assert count(number, thing) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.34, "0.3 ms"), (4500, "4.5 s"), (11_520_000, "3 h 12 min"), ("x", "?"), (None, "?")],
)
def test_times_are_for_people(value, words):
    """As precise as they need to be, and no longer."""
    assert milliseconds(value) == words
