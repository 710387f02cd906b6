"""What the raw edges of a line show, and the advice about it."""

import pytest

from devices.button import Edge, advise, diagnose, draw_line, synthetic_edges

LIMITS = {"min_press_s": 0.02, "debounce_s": 0.05}


def _pulses(*pulses):
    return [
        edge
        for at, width in pulses
        for edge in (Edge(at, active=True), Edge(at + width, active=False))
    ]


@pytest.mark.parametrize("seed", range(20))
def test_presses_and_glitches_are_told_apart(seed):
    """Both are counted right, however the contact bounces."""
    found = diagnose(synthetic_edges(20, presses=6, glitches=15, seed=seed), **LIMITS)
    assert (len(found.presses), len(found.glitches)) == (6, 15)
    assert found.glitch_s <= 0.010
    assert found.press_s >= 0.08
    assert found.bounce_s < 0.003


def test_a_clean_line_needs_nothing():
    """The advice says that there is nothing to do."""
    assert advise(diagnose(_pulses((1, 0.2), (3, 0.3)), **LIMITS), **LIMITS) == [
        "the line is clean: nothing to do"
    ]
    assert advise(diagnose([], **LIMITS), **LIMITS) == ["the line is clean: nothing to do"]


def test_long_glitches_ask_for_a_longer_minimum():
    """The advice is twice the longest glitch, or better wiring if that is too near to a press."""
    glitches = _pulses((1, 0.018), (1.5, 0.012))
    (setting, wiring) = advise(diagnose([*glitches, *_pulses((3, 0.2))], **LIMITS), **LIMITS)
    assert setting.startswith("set min_press_s = 0.04:")
    assert "pull-up" in wiring
    (hopeless, _) = advise(diagnose([*glitches, *_pulses((3, 0.06))], **LIMITS), **LIMITS)
    assert hopeless.startswith("no setting can tell")


def test_a_worn_contact_asks_for_a_longer_rest():
    """The advice is twice the longest break within a press."""
    said = advise(diagnose(_pulses((1, 0.1), (1.14, 0.1)), **LIMITS), **LIMITS)
    assert said == ["set debounce_s = 0.08: twice the longest break within a press"]


@pytest.mark.parametrize(("hertz", "is_mains"), [(50, True), (60, True), (100, True), (37, False)])
def test_the_mains_are_known_by_their_rhythm(hertz, is_mains):
    """Many glitches come at the frequency of the mains."""
    found = diagnose(_pulses(*((n / hertz, 0.003) for n in range(1, 40))), **LIMITS)
    assert (found.presses, found.is_mains) == ([], is_mains)
    assert any("mains" in line for line in advise(found, **LIMITS)) is is_mains


def test_the_drawing_shows_when_it_was_pressed():
    """Each column stands for the same time."""
    assert draw_line(_pulses((1, 2), (5.2, 0.1)), 10, columns=10) == " ██  ▁    "
    assert draw_line([Edge(0, active=True)], 10, columns=10) == "██████████"
    assert draw_line([], 10, columns=10) == " " * 10
