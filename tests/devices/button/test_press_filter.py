"""The press filter, a pure function of edges and time. The unit is the whole millisecond."""

import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.button import Debouncer

MIN_PRESS = 20
DEBOUNCE = 50
Edges = list[tuple[float, bool]]


def _play(edges: Edges, debouncer: Debouncer, *, punctual: bool = True) -> list[float]:
    """When presses began, in a line that has these edges and then rests.

    Args:
        edges: Time and level.
        debouncer: Its state before.
        punctual: Whether a timer looks at each deadline. Otherwise the filter sees only the edges,
            and what is due at the end.
    """
    presses: list[float] = []

    def note(after: Debouncer) -> Debouncer:
        presses.extend([] if after.press is None else [after.press])
        return after

    for at, active in edges:
        while punctual and debouncer.deadline is not None and debouncer.deadline < at:
            debouncer = note(debouncer.advance(debouncer.deadline))
        debouncer = note(debouncer.edge(at, active=active))
    while debouncer.deadline is not None:
        debouncer = note(debouncer.advance(debouncer.deadline))
    return presses


def _edges(durations: list[int], begin: float = 1000) -> Edges:
    """Edges of a line that is pressed, rests, is pressed, … for these times."""
    times = accumulate(durations, initial=begin)
    return [(at, number % 2 == 0) for number, at in enumerate(times)]


@st.composite
def _visits(draw):
    """Edges of some visits, with bounce at both ends of each press, and when each press begins."""
    at, edges, begins = 1000, [], []
    for _ in range(draw(st.integers(1, 5))):
        for pulse, rest in draw(
            st.lists(st.tuples(st.integers(1, MIN_PRESS - 1), st.integers(1, 100)), max_size=4)
        ):
            edges += [(at, True), (at + pulse, False)]
            at += pulse + rest
        begins.append(at)
        edges.append((at, True))
        at += draw(st.integers(MIN_PRESS, 5000))
        for rest, pulse in draw(
            st.lists(st.tuples(st.integers(1, DEBOUNCE - 1), st.integers(1, 100)), max_size=4)
        ):
            edges += [(at, False), (at + rest, True)]
            at += rest + pulse
        edges.append((at, False))
        at += draw(st.integers(DEBOUNCE, 5000))
    return edges, begins


@pytest.mark.parametrize("punctual", [True, False])
@given(visits=_visits())
def test_every_press_counts_once_from_the_beginning_of_its_stable_stretch(punctual, visits):
    """A press held long enough is one press, whatever bounces, even if the timer is late."""
    edges, begins = visits
    assert _play(edges, Debouncer(MIN_PRESS, DEBOUNCE), punctual=punctual) == begins


def test_ten_thousand_trains_of_glitches_do_not_ring():
    """Pulses shorter than the minimum are interference, however many and however close."""
    chance = random.Random(17)
    rung = 0
    for _ in range(10_000):
        pulses = chance.randint(1, 8)
        durations = [
            chance.randint(1, edge) for _ in range(pulses) for edge in (MIN_PRESS - 1, 200)
        ]
        rung += len(_play(_edges(durations[:-1]), Debouncer(MIN_PRESS, DEBOUNCE)))
    assert rung == 0


def test_contact_bounce_is_one_press():
    """A switch that chatters while it closes and opens rings once."""
    assert _play(_edges([1, 1, 2, 1, 80, 1, 2, 3, 1]), Debouncer(MIN_PRESS, DEBOUNCE)) == [1005]


@pytest.mark.parametrize(
    ("held", "presses"), [(MIN_PRESS - 1, []), (MIN_PRESS, [1000]), (MIN_PRESS + 1, [1000])]
)
def test_the_minimum_itself_is_enough(held, presses):
    """`min_press_s` is the shortest press, not the longest glitch."""
    assert _play(_edges([held]), Debouncer(MIN_PRESS, DEBOUNCE)) == presses


@pytest.mark.parametrize(("rest", "presses"), [(DEBOUNCE - 1, 1), (DEBOUNCE, 2), (DEBOUNCE + 1, 2)])
def test_a_line_that_rested_for_the_whole_time_may_ring_again(rest, presses):
    """`debounce_s` is the shortest rest between two presses."""
    assert len(_play(_edges([100, rest, 100]), Debouncer(MIN_PRESS, DEBOUNCE))) == presses


@given(st.lists(st.tuples(st.integers(1, DEBOUNCE - 1), st.integers(1, 300)), max_size=20))
def test_a_press_never_ends_while_the_line_chatters(chatter):
    """Until the line has rested without a break, nothing is another press."""
    durations = [MIN_PRESS, *(duration for pair in chatter for duration in pair)]
    assert _play(_edges(durations), Debouncer(MIN_PRESS, DEBOUNCE)) == [1000]


def test_without_a_minimum_the_first_edge_rings():
    """With `min_press_s = 0` the edge itself is the press, and its bounce is no other press."""
    debouncer = Debouncer(0, DEBOUNCE)
    assert debouncer.edge(1000, active=True).press == 1000
    assert _play(_edges([1, 2, 30, 1, 1, DEBOUNCE, 1]), debouncer) == [1000, 1085]


def test_a_press_is_reported_by_one_call_only():
    """`press` is set by the call in which it became certain, and gone in the next one."""
    certain = Debouncer(MIN_PRESS, DEBOUNCE).edge(1000, active=True).advance(1000 + MIN_PRESS)
    assert certain.press == 1000
    assert certain.advance(2000).press is None
    assert certain.edge(2000, active=False).press is None


def test_the_deadline_is_when_the_line_must_be_looked_at_again():
    """Only a rising or falling line needs a timer, and before its time nothing changes."""
    resting = Debouncer(MIN_PRESS, DEBOUNCE)
    rising = resting.edge(1000, active=True)
    pressed = rising.advance(1020)
    falling = pressed.edge(1500, active=False)
    rested = falling.advance(1550)
    assert [debouncer.deadline for debouncer in (resting, rising, pressed, falling, rested)] == [
        None,
        1020,
        None,
        1550,
        None,
    ]
    assert rising.advance(1019) == rising
    assert falling.advance(1549) == falling
