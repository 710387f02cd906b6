"""Kinds of presses, and what the filter makes of trains of glitches. The unit is the millisecond."""

import random

from hypothesis import given
from hypothesis import strategies as st

from devices.button.press_filter import Debouncer
from devices.button.press_kind import PressClassifier

HOLD = PressClassifier(double_s=500, long_s=2000, stuck_s=60000)


def _presses(pulses: list[tuple[int, int]]) -> int:
    """How many presses the filter sees in a line that is active and then rests, for these times."""
    line, at, count = Debouncer(20, 50), 1000, 0
    for active, rest in pulses:
        for level, lasts in ((True, active), (False, rest)):
            line = line.edge(at, active=level)
            count += line.press is not None
            at += lasts
            while line.deadline is not None and line.deadline < at:
                line = line.settle(line.deadline)
                count += line.press is not None
    return count


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000))))
def test_every_press_is_said_once(pulses):
    """Each press gives exactly one of pressed and double_pressed, however they follow each other."""
    hold, at, said = HOLD, 0, []
    for held, rest in pulses:
        hold = hold.press(at)
        said += hold.says
        hold = hold.release(at + held)
        at += held + rest
    assert len(said) == len(pulses)
    assert set(said) <= {"pressed", "double_pressed"}


def test_a_third_press_begins_anew():
    """Three quick presses are a press, a double press and a press."""
    hold, said = HOLD, []
    for at in (0, 300, 600):
        hold = hold.press(at)
        said += hold.says
        hold = hold.release(at + 100)
    assert said == ["pressed", "double_pressed", "pressed"]


def test_long_and_stuck_are_said_once():
    """A hold is long once and stuck once, and a stuck one is told when it ends."""
    hold = HOLD.press(0)
    assert hold.deadline == 2000
    hold = hold.settle(2000)
    assert hold.says == ("long_pressed",)
    hold = hold.settle(60000)
    assert hold.says == ("stuck",)
    assert hold.settle(90000).says == ()
    assert hold.release(90000).says == ("released",)


def test_held_at_the_start_is_no_press():
    """A button held when the hub starts is neither a press nor a long one, but may be stuck."""
    assert HOLD.held_at_start(0).settle(99999).says == ("stuck",)


def test_limits_of_zero_switch_off():
    """With all limits 0 every press is a single one, for however long."""
    hold = PressClassifier(stuck_s=0).press(0).release(100).press(200)
    assert hold.says == ("pressed",)
    assert hold.deadline is None


def test_no_glitch_rings():
    """10,000 glitches shorter than the minimum, at any distance, are no press."""
    dice = random.Random(4)
    assert _presses([(dice.randint(1, 19), dice.randint(1, 200)) for _ in range(10000)]) == 0


def test_mains_does_not_add_up():
    """Pulses at 50 and 100 Hz, half of each period, for a minute, are no press."""
    assert _presses([(10, 10)] * 3000) == 0
    assert _presses([(5, 5)] * 6000) == 0


def test_no_press_is_missed_in_bounce():
    """5,000 presses of the minimum or longer, each with bounce before and after, are 5,000 presses."""
    dice, pulses = random.Random(5), []
    for _ in range(5000):
        pulses += [(dice.randint(1, 5), dice.randint(1, 5)) for _ in range(dice.randint(0, 6))]
        pulses.append((dice.randint(20, 1500), dice.randint(1, 5)))
        pulses += [(dice.randint(1, 5), dice.randint(1, 5)) for _ in range(dice.randint(0, 6))]
        pulses.append((1, dice.randint(60, 1000)))
    assert _presses(pulses) == 5000


def test_interference_inside_a_press():
    """A press that interference breaks a hundred times a second, once it is certain, is one press."""
    assert _presses([(30, 5)] + [(5, 5)] * 100 + [(5, 500)]) == 1


def test_interference_from_the_beginning_hides_a_press():
    """The filter's known limit: a press that is never whole for the minimum is not seen; `min_press_s` must be less."""
    assert _presses([(9, 1)] * 100 + [(1, 500)]) == 0
