"""The live events that wait for a consumer, in its memory: never many."""

import queue
from collections.abc import Callable
from typing import Generic, TypeVar

LIMIT = 1000  # more are left to the catch-up
One = TypeVar("One")


class LiveQueue(queue.SimpleQueue["One | None"], Generic[One]):
    """Filled by whoever reads the connection, emptied by the consumer's thread.

    A None only wakes that one.
    """

    def __init__(self, end_wait: Callable[[], object] = lambda: None) -> None:
        """Prepare; `end_wait` is called after each `put`."""
        self._end_wait = end_wait

    def filled(self) -> bool:
        """Whether there is anything."""
        return not self.empty()

    def offer(self, one: One) -> bool:
        """Queue an event, if there is room. A crash loses nothing: it is asked for again."""
        if self.qsize() >= LIMIT:
            return False
        self.put(one)
        self._end_wait()
        return True

    def wake(self) -> None:
        """Have the consumer look what there is."""
        self.put(None)
        self._end_wait()
