"""Raw edges of a button's line: recorded, or made up as a long wire produces them."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from devices.button.press_filter import Debouncer
from devices.gpio.line import open_input


class Edge(NamedTuple):
    """A change of the line.

    Attributes:
        at: When it changed, in seconds from the beginning of the recording.
        active: Whether the line is active (pressed) from then on.
    """

    at: float
    active: bool


@contextmanager
def watch_edges(pin: int, *, pull: str, on_edge: Callable[[Edge], None]) -> Iterator[float]:
    """Report every edge of a GPIO line.

    Args:
        pin: The BCM number of the line.
        pull: `up` or `down`: where the Pi pulls the line while the button is open.
        on_edge: Called with each edge, in gpiozero's own thread.

    Yields:
        The beginning of the recording, in seconds of the monotonic clock.

    Raises:
        GpioError: The line cannot be used; the hub holds it while it runs.
    """
    line: Any = open_input(pin, pull_up=pull == "up")
    began = time.monotonic()
    if line.is_active:
        on_edge(Edge(0.0, active=True))

    def report(ticks: float, state: int) -> None:
        now = time.monotonic()
        at = ticks if began <= ticks <= now else now  # the kernel's stamp, if it is of our clock
        on_edge(Edge(at - began, bool(state) == (pull == "down")))

    line.pin.when_changed = report
    try:
        yield began
    finally:
        line.pin.when_changed = None
        line.close()


def record_edges(pin: int, *, pull: str, seconds: float) -> list[Edge]:
    """Record every edge of a GPIO line, without any filter.

    Args:
        pin: The BCM number of the line.
        pull: `up` or `down`: where the Pi pulls the line while the button is open.
        seconds: How long to record.

    Raises:
        GpioError: The line cannot be used; the hub holds it while it runs.
    """
    edges: list[Edge] = []
    with watch_edges(pin, pull=pull, on_edge=edges.append):
        time.sleep(seconds)
    return edges


class HeldPress(NamedTuple):
    """A press that is over.

    Attributes:
        at: When it began, in seconds from the beginning of the recording.
        seconds: How long the button was held.
    """

    at: float
    seconds: float


class PressDetector:
    """Finds the presses in edges, as they come.

    Args:
        debouncer: The filter, at rest.

    Attributes:
        edges: All edges so far.
    """

    def __init__(self, debouncer: Debouncer) -> None:
        self.edges: list[Edge] = []
        self._debouncer = debouncer
        self._used = 0  # edges that the filter has seen
        self._began = 0.0

    def add(self, edge: Edge) -> None:
        """Take one more edge. It may come from any thread."""
        self.edges.append(edge)

    def ended(self, now: float) -> list[HeldPress]:
        """The presses that have ended since the last call.

        Args:
            now: Seconds from the beginning of the recording.
        """
        presses: list[HeldPress] = []
        while self._used < len(self.edges):
            edge = self.edges[self._used]
            self._used += 1
            presses += self._advance(edge.at)
            presses += self._accept(self._debouncer.edge(edge.at, active=edge.active))
        return presses + self._advance(now)

    def _advance(self, at: float) -> list[HeldPress]:
        presses: list[HeldPress] = []
        while self._debouncer.deadline is not None and self._debouncer.deadline < at:
            presses += self._accept(self._debouncer.advance(self._debouncer.deadline))
        return presses

    def _accept(self, debouncer: Debouncer) -> list[HeldPress]:
        self._debouncer = debouncer
        presses = []
        if debouncer.release is not None:
            presses.append(HeldPress(self._began, debouncer.release - self._began))
        if debouncer.press is not None:
            self._began = debouncer.press
        return presses


def synthetic_edges(seconds: float, *, presses: int, glitches: int, seed: int = 1) -> list[Edge]:
    """Make up a line with real presses (with contact bounce) and glitches of at most 10 ms.

    Args:
        seconds: How long it is.
        presses: How many presses it has.
        glitches: How many glitches it has.
        seed: The same seed gives the same edges.
    """
    chance = random.Random(seed)
    slots = sorted(chance.sample(range(int(seconds * 2)), presses + glitches))
    kinds = [*["press"] * presses, *["glitch"] * glitches]
    chance.shuffle(kinds)
    edges: list[Edge] = []
    for slot, kind in zip(slots, kinds, strict=True):
        begin = slot / 2 + 0.05
        if kind == "press":
            edges += _press(chance, begin)
        else:
            edges += _pulse(begin, chance.uniform(0.0005, 0.010))
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
