"""Raw edges of a button's line: recorded, or made up as a long wire in a house makes them."""

import random
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from devices.gpio import open_input


class Edge(NamedTuple):
    """The line changed.

    Attributes:
        at: When, in seconds from the beginning.
        active: Whether it is pressed from then on.
    """

    at: float
    active: bool


def record(pin: int, *, pull: str, seconds: float) -> list[Edge]:
    """Every edge of a GPIO line for so long, without any filter.

    Raises:
        GpioError: the line cannot be had; the hub holds it while it runs.
    """
    line: Any = open_input(pin, pull_up=pull == "up")
    edges: list[Edge] = []
    began = time.monotonic()
    if line.is_active:
        edges.append(Edge(0.0, active=True))

    def note(ticks: float, state: int) -> None:
        now = time.monotonic()
        at = ticks if began <= ticks <= now else now  # the kernel's own stamp, where it is one
        edges.append(Edge(at - began, bool(state) == (pull == "down")))

    line.pin.when_changed = note
    try:
        time.sleep(seconds)  # the edges come in gpiozero's own thread
    finally:
        line.pin.when_changed = None
        line.close()
    return edges


def synthetic(seconds: float, *, presses: int, glitches: int, seed: int = 1) -> list[Edge]:
    """A line with real presses (with contact bounce) and glitches of at most 10 ms; the same for the same seed."""
    chance = random.Random(seed)
    slots = sorted(chance.sample(range(int(seconds * 2)), presses + glitches))
    kinds = [*["press"] * presses, *["glitch"] * glitches]
    chance.shuffle(kinds)
    edges: list[Edge] = []
    for slot, kind in zip(slots, kinds, strict=True):
        begin = slot / 2 + 0.05
        edges += _press(chance, begin) if kind == "press" else _pulse(begin, chance.uniform(0.0005, 0.010))
    return edges


def _press(chance: random.Random, at: float) -> Iterator[Edge]:
    for _ in range(chance.randint(0, 4)):  # the contact bounces before it holds
        width = chance.uniform(0.0002, 0.002)
        yield from _pulse(at, width)
        at += width + chance.uniform(0.0002, 0.002)
    yield from _pulse(at, chance.uniform(0.08, 0.35))


def _pulse(at: float, width: float) -> Iterator[Edge]:
    yield Edge(at, active=True)
    yield Edge(at + width, active=False)
