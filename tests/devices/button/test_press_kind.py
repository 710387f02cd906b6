"""Kinds of presses, and the filter under trains of glitches. The unit is the millisecond."""

import random

from hypothesis import given
from hypothesis import strategies as st

from devices.button import Debouncer, PressClassifier

CLASSIFIER = PressClassifier(double_s=500, long_s=2000, stuck_s=60000)


def _presses(pulses: list[tuple[int, int]]) -> int:
    """How many presses the filter sees in a line that is active and then rests, for these times."""
    debouncer, at, count = Debouncer(20, 50), 1000, 0
    for active, rest in pulses:
        for level, lasts in ((True, active), (False, rest)):
            debouncer = debouncer.edge(at, active=level)
            count += debouncer.press is not None
            at += lasts
            while debouncer.deadline is not None and debouncer.deadline < at:
                debouncer = debouncer.advance(debouncer.deadline)
                count += debouncer.press is not None
    return count


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000))))
def test_every_press_is_reported_once(pulses):
    """Each press gives either pressed or double_pressed, however they follow each other."""
    classifier, at, found = CLASSIFIER, 0, []
    for held, rest in pulses:
        classifier = classifier.press(at)
        found += classifier.kinds
        classifier = classifier.release(at + held)
        at += held + rest
    assert len(found) == len(pulses)
    assert set(found) <= {"pressed", "double_pressed"}


def test_a_third_press_begins_anew():
    """Three quick presses are a press, a double press and a press."""
    classifier, found = CLASSIFIER, []
    for at in (0, 300, 600):
        classifier = classifier.press(at)
        found += classifier.kinds
        classifier = classifier.release(at + 100)
    assert found == ["pressed", "double_pressed", "pressed"]


def test_long_and_stuck_are_reported_once():
    """A hold is long once and stuck once, and the end of a stuck one is reported."""
    classifier = CLASSIFIER.press(0)
    assert classifier.deadline == 2000
    classifier = classifier.advance(2000)
    assert classifier.kinds == ("long_pressed",)
    classifier = classifier.advance(60000)
    assert classifier.kinds == ("stuck",)
    assert classifier.advance(90000).kinds == ()
    assert classifier.release(90000).kinds == ("released",)


def test_held_at_the_start_is_no_press():
    """A button held when the hub starts is neither a press nor a long one, but may be stuck."""
    assert CLASSIFIER.held_at_start(0).advance(99999).kinds == ("stuck",)


def test_limits_of_zero_switch_off():
    """With all limits 0 every press is a single one, for however long."""
    classifier = PressClassifier(stuck_s=0).press(0).release(100).press(200)
    assert classifier.kinds == ("pressed",)
    assert classifier.deadline is None


def test_no_glitch_rings():
    """10,000 glitches shorter than the minimum, at any distance, are no press."""
    dice = random.Random(4)
    assert _presses([(dice.randint(1, 19), dice.randint(1, 200)) for _ in range(10000)]) == 0


def test_mains_does_not_add_up():
    """Pulses at 50 and 100 Hz, half of each period, for a minute, are no press."""
    assert _presses([(10, 10)] * 3000) == 0
    assert _presses([(5, 5)] * 6000) == 0


def test_no_press_is_missed_in_bounce():
    """5,000 presses of the minimum or longer, each with bounce at both ends, are 5,000 presses."""
    dice, pulses = random.Random(5), []
    for _ in range(5000):
        pulses += [(dice.randint(1, 5), dice.randint(1, 5)) for _ in range(dice.randint(0, 6))]
        pulses.append((dice.randint(20, 1500), dice.randint(1, 5)))
        pulses += [(dice.randint(1, 5), dice.randint(1, 5)) for _ in range(dice.randint(0, 6))]
        pulses.append((1, dice.randint(60, 1000)))
    assert _presses(pulses) == 5000


def test_interference_inside_a_press():
    """A press that interference breaks up a hundred times, once it is certain, is one press."""
    assert _presses([(30, 5)] + [(5, 5)] * 100 + [(5, 500)]) == 1


def test_interference_from_the_beginning_hides_a_press():
    """The filter's known limit: a press without one whole stretch of `min_press_s` is not seen."""
    assert _presses([(9, 1)] * 100 + [(1, 500)]) == 0
