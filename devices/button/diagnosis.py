"""What the raw edges of a button's line show: presses, interference, and what to do about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from devices.button.edges import Edge
from devices.button.press_filter import Debouncer

MAINS_S = (1 / 50, 1 / 60, 1 / 100, 1 / 120)  # periods and half periods of the mains
MAINS_TOLERANCE = 0.06  # of a period
MAINS_GAPS = 5  # fewer can be chance
LEAST_MIN_PRESS_S = 0.02
STEP_S = 0.005
REST = " "
PARTLY = "▁"
PRESSED = "█"
MAINS = (
    "the glitches come at the rhythm of the mains: lay the wire apart from mains, twisted or "
    "shielded, or use an opto-coupler"
)
GLITCHES = (
    "for fewer glitches: a stronger pull-up (1 to 4.7 kΩ to 3.3 V), and 100 nF from the line to "
    "ground at the Pi"
)
CLEAN = "the line is clean: nothing to do"
Pulse = tuple[float, float]  # when the line was active, and for how long, in seconds


@dataclass(frozen=True)
class Diagnosis:
    """What was found in the edges. All times are in seconds.

    Attributes:
        presses: When the presses began, by the filter with the current settings.
        pulses: When the line was active, and for how long.
        glitches: The pulses that are neither a press nor a part of one.
        glitch_s: The length of the longest glitch; 0 without glitches.
        press_s: The length of the shortest press; None without presses.
        bounce_s: The longest break within a press.
        is_mains: Whether the glitches come at the rhythm of the mains.
    """

    presses: list[float]
    pulses: list[Pulse]
    glitches: list[Pulse]
    glitch_s: float
    press_s: float | None
    bounce_s: float
    is_mains: bool


def diagnose(edges: Sequence[Edge], *, min_press_s: float, debounce_s: float) -> Diagnosis:
    """Run the edges through the filter, and look at what it did.

    Args:
        edges: Edges of a line that begins and ends at rest.
        min_press_s: The filter's shortest press, in seconds.
        debounce_s: The filter's shortest rest, in seconds.
    """
    pulses = [
        (edge.at, following.at - edge.at)
        for edge, following in pairwise(edges)
        if edge.active and not following.active
    ]
    whole = [(at, width) for at, width in pulses if width >= min_press_s]
    parts = [pulse for pulse in pulses if _is_part_of_press(pulse[0], whole, debounce_s)]
    glitches = [pulse for pulse in pulses if pulse not in parts]
    breaks = [second[0] - first[0] - first[1] for first, second in pairwise(parts)]
    return Diagnosis(
        presses=_presses(edges, Debouncer(min_press_s, debounce_s)),
        pulses=pulses,
        glitches=glitches,
        glitch_s=max((width for _, width in glitches), default=0.0),
        press_s=min((width for _, width in whole), default=None),
        bounce_s=max((gap for gap in breaks if gap < debounce_s), default=0.0),
        is_mains=_follow_the_mains(glitches),
    )


def advise(found: Diagnosis, *, min_press_s: float, debounce_s: float) -> list[str]:
    """What to set, and what to do about the wiring: one line each.

    Args:
        found: What was found with these settings.
        min_press_s: The current setting, in seconds.
        debounce_s: The current setting, in seconds.
    """
    advice = []
    wanted_s = max(LEAST_MIN_PRESS_S, _rounded_up(2 * found.glitch_s))
    is_possible = found.press_s is None or wanted_s <= found.press_s / 2
    if found.glitches and not is_possible:
        advice.append("no setting can tell these glitches from presses: improve the wiring")
    elif found.glitches and wanted_s > min_press_s:
        reason = "twice the longest glitch, and far from the shortest press"
        advice.append(f"set min_press_s = {wanted_s:g}: {reason}")
    rest_s = _rounded_up(2 * found.bounce_s)
    if found.bounce_s and rest_s > debounce_s:
        advice.append(f"set debounce_s = {rest_s:g}: twice the longest break within a press")
    if found.is_mains:
        advice.append(MAINS)
    elif found.glitches:
        advice.append(GLITCHES)
    return advice or [CLEAN]


def draw_line(edges: Sequence[Edge], seconds: float, columns: int = 72) -> str:
    """Draw the line over time: `█` pressed all the time, `▁` part of it, blank at rest.

    Args:
        edges: Its edges.
        seconds: How long the recording is.
        columns: How many characters to draw; each stands for the same time.
    """
    active_s = [0.0] * columns
    width_s = seconds / columns
    ends = [*(edge.at for edge in edges[1:]), seconds]
    for edge, end in zip(edges, ends, strict=False):
        if edge.active:
            for column in range(int(edge.at / width_s), min(columns, int(end / width_s) + 1)):
                overlap_s = min(end, (column + 1) * width_s) - max(edge.at, column * width_s)
                active_s[column] += max(0.0, overlap_s)
    return "".join(_symbol(pressed_s / width_s) for pressed_s in active_s)


def _symbol(share: float) -> str:
    if share > 0.9:  # noqa: PLR2004 - nearly all of it
        return PRESSED
    return PARTLY if share > 0 else REST


def _is_part_of_press(at: float, whole: Sequence[Pulse], debounce_s: float) -> bool:
    """Whether a pulse that began then is part of a press: the contact bounces."""
    return any(begin - debounce_s <= at <= begin + width + debounce_s for begin, width in whole)


def _presses(edges: Sequence[Edge], debouncer: Debouncer) -> list[float]:
    """When the presses began, by the filter."""
    states = []
    for edge in edges:
        while debouncer.deadline is not None and debouncer.deadline < edge.at:
            debouncer = debouncer.advance(debouncer.deadline)
            states.append(debouncer)
        debouncer = debouncer.edge(edge.at, active=edge.active)
        states.append(debouncer)
    while debouncer.deadline is not None:
        debouncer = debouncer.advance(debouncer.deadline)
        states.append(debouncer)
    return [state.press for state in states if state.press is not None]


def _follow_the_mains(glitches: Sequence[Pulse]) -> bool:
    gaps = [second[0] - first[0] for first, second in pairwise(glitches)]
    in_time = [gap for gap in gaps if _is_mains_period(gap)]
    return len(in_time) >= MAINS_GAPS and len(in_time) > len(gaps) / 2


def _is_mains_period(gap_s: float) -> bool:
    return any(abs(gap_s - period) <= MAINS_TOLERANCE * period for period in MAINS_S)


def _rounded_up(seconds: float) -> float:
    """Rounded up to a multiple of 5 milliseconds."""
    return round(math.ceil(seconds / STEP_S - 1e-9) * STEP_S, 3)
