"""What the raw edges of a button's line tell: presses, interference, and what to do about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from devices.button.edges import Edge
from devices.button.press_filter import Debouncer

MAINS_S = (1 / 50, 1 / 60, 1 / 100, 1 / 120)
MAINS_SLACK = 0.06  # of a period
LEAST_S, STEP_S = 0.02, 0.005
BLOCKS = " ▁█"
MAINS = (
    "the glitches come in the time of the mains: lay the wire apart from mains, twisted or shielded, or use an "
    "opto-coupler"
)
GLITCHES = "for fewer glitches: a stronger pull-up (1 to 4.7 kΩ to 3.3 V), and 100 nF from the line to ground at the Pi"


@dataclass(frozen=True)
class Diagnosis:
    """What was seen, in seconds.

    Attributes:
        presses: When presses began, by the filter with the settings in force.
        pulses: When the line was active, and for how long.
        glitches: Pulses that the filter took for no press, nor for a part of one.
        glitch_s: The longest of them.
        press_s: How long the shortest press was held without a break; None without presses.
        bounce_s: The longest break within a press.
        is_mains: Whether glitches come in the time of the mains.
    """

    presses: list[float]
    pulses: list[tuple[float, float]]
    glitches: list[tuple[float, float]]
    glitch_s: float
    press_s: float | None
    bounce_s: float
    is_mains: bool


def diagnose(edges: Sequence[Edge], *, min_press_s: float, debounce_s: float) -> Diagnosis:
    """Play the edges through the filter, and look at what it did."""
    pulses = [
        (one.at, other.at - one.at)
        for one, other in pairwise(edges)
        if one.active and not other.active
    ]
    presses = _filtered(edges, Debouncer(min_press_s, debounce_s))
    whole = [(at, width) for at, width in pulses if width >= min_press_s]
    near = [pulse for pulse in pulses if _belongs(pulse[0], whole, debounce_s)]
    glitches = [pulse for pulse in pulses if pulse not in near]
    breaks = [b[0] - a[0] - a[1] for a, b in pairwise(near) if b[0] - a[0] - a[1] < debounce_s]
    return Diagnosis(
        presses=presses,
        pulses=pulses,
        glitches=glitches,
        glitch_s=max((width for _, width in glitches), default=0.0),
        press_s=min((width for _, width in whole), default=None),
        bounce_s=max(breaks, default=0.0),
        is_mains=_come_with_the_mains(glitches),
    )


def advice(found: Diagnosis, *, min_press_s: float, debounce_s: float) -> list[str]:
    """What to set, and what to do about the wiring."""
    said = []
    wanted_s = max(LEAST_S, _up(2 * found.glitch_s))
    room = found.press_s is None or wanted_s <= found.press_s / 2
    if found.glitches and room and wanted_s > min_press_s:
        said.append(
            f"set min_press_s = {wanted_s:g}: twice the longest glitch, and far from the shortest press"
        )
    if found.glitches and not room:
        said.append("no setting tells these glitches from presses: mend the wiring")
    if found.bounce_s and (debounce := _up(2 * found.bounce_s)) > debounce_s:
        said.append(f"set debounce_s = {debounce:g}: twice the longest break within a press")
    if found.is_mains:
        said.append(MAINS)
    elif found.glitches:
        said.append(GLITCHES)
    return said or ["the line is clean: nothing to do"]


def picture(edges: Sequence[Edge], seconds: float, columns: int = 72) -> str:
    """The line over time: `█` pressed all the time, `▁` for a part of it, blank at rest."""
    active = [0.0] * columns
    width = seconds / columns
    ends = [*(edge.at for edge in edges[1:]), seconds]
    for edge, end in zip(edges, ends, strict=False):
        if edge.active:
            for column in range(int(edge.at / width), min(columns, int(end / width) + 1)):
                overlap = min(end, (column + 1) * width) - max(edge.at, column * width)
                active[column] += max(0.0, overlap)
    return "".join(BLOCKS[2 if share > 0.9 * width else 1 if share > 0 else 0] for share in active)


def _belongs(at: float, whole: Sequence[tuple[float, float]], debounce_s: float) -> bool:
    """Whether a pulse is part of a press: it bounces."""
    return any(begin - debounce_s <= at <= begin + width + debounce_s for begin, width in whole)


def _filtered(edges: Sequence[Edge], line: Debouncer) -> list[float]:
    presses: list[float] = []
    for edge in edges:
        while line.deadline is not None and line.deadline < edge.at:
            line = line.settle(line.deadline)
            presses += [] if line.press is None else [line.press]
        line = line.edge(edge.at, active=edge.active)
        presses += [] if line.press is None else [line.press]
    while line.deadline is not None:
        line = line.settle(line.deadline)
        presses += [] if line.press is None else [line.press]
    return presses


def _come_with_the_mains(glitches: Sequence[tuple[float, float]]) -> bool:
    gaps = [b[0] - a[0] for a, b in pairwise(glitches)]
    in_time = [
        gap for gap in gaps if any(abs(gap - period) <= MAINS_SLACK * period for period in MAINS_S)
    ]
    return len(in_time) >= 5 and len(in_time) > len(gaps) / 2  # noqa: PLR2004 - a handful is no chance


def _up(seconds: float) -> float:
    """To the next 5 milliseconds."""
    return round(math.ceil(seconds / STEP_S - 1e-9) * STEP_S, 3)
