"""Raw edges of a button's line: recorded, or made up as a long wire in a house makes them."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from devices.button.press_filter import Debouncer
from devices.gpio.line import open_input


class Edge(NamedTuple):
    """The line changed.

    Attributes:
        at: When, in seconds from the beginning.
        active: Whether it is pressed from then on.
    """

    at: float
    active: bool


@contextmanager
def listen(pin: int, *, pull: str, take: Callable[[Edge], None]) -> Iterator[float]:
    """Have every edge of a GPIO line given to `take`, in gpiozero's own thread; yields the monotonic time of 0.

    Raises:
        GpioError: the line cannot be had; the hub holds it while it runs.
    """
    line: Any = open_input(pin, pull_up=pull == "up")
    began = time.monotonic()
    if line.is_active:
        take(Edge(0.0, active=True))

    def note(ticks: float, state: int) -> None:
        now = time.monotonic()
        at = ticks if began <= ticks <= now else now  # the kernel's own stamp, where it is one
        take(Edge(at - began, bool(state) == (pull == "down")))

    line.pin.when_changed = note
    try:
        yield began
    finally:
        line.pin.when_changed = None
        line.close()


def record(pin: int, *, pull: str, seconds: float) -> list[Edge]:
    """Every edge of a GPIO line for so long, without any filter.

    Raises:
        GpioError: the line cannot be had; the hub holds it while it runs.
    """
    edges: list[Edge] = []
    with listen(pin, pull=pull, take=edges.append):
        time.sleep(seconds)
    return edges


class Held(NamedTuple):
    """A press that is over.

    Attributes:
        at: When it began, in seconds from the beginning.
        seconds: How long it was held.
    """

    at: float
    seconds: float


class Presses:
    """Makes presses of edges as they come.

    Attributes:
        edges: All that came.

    Args:
        line: The filter, at rest.
    """

    def __init__(self, line: Debouncer) -> None:
        self.edges: list[Edge] = []
        self._line, self._seen, self._began = line, 0, 0.0

    def take(self, edge: Edge) -> None:
        """One more; from any thread."""
        self.edges.append(edge)

    def news(self, now: float) -> list[Held]:
        """The presses that have ended since the last call, up to `now`."""
        held: list[Held] = []
        while self._seen < len(self.edges):
            edge = self.edges[self._seen]
            self._seen += 1
            held += self._step(edge.at)
            held += self._note(self._line.edge(edge.at, active=edge.active))
        return held + self._step(now)

    def _step(self, at: float) -> list[Held]:
        held: list[Held] = []
        while self._line.deadline is not None and self._line.deadline < at:
            held += self._note(self._line.settle(self._line.deadline))
        return held

    def _note(self, line: Debouncer) -> list[Held]:
        self._line = line
        over = [] if line.release is None else [Held(self._began, line.release - self._began)]
        self._began = self._began if line.press is None else line.press
        return over


def synthetic(seconds: float, *, presses: int, glitches: int, seed: int = 1) -> list[Edge]:
    """A line with real presses (with contact bounce) and glitches of at most 10 ms; the same for the same seed."""
    chance = random.Random(seed)
    slots = sorted(chance.sample(range(int(seconds * 2)), presses + glitches))
    kinds = [*["press"] * presses, *["glitch"] * glitches]
    chance.shuffle(kinds)
    edges: list[Edge] = []
    for slot, kind in zip(slots, kinds, strict=True):
        begin = slot / 2 + 0.05
        edges += (
            _press(chance, begin)
            if kind == "press"
            else _pulse(begin, chance.uniform(0.0005, 0.010))
        )
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
