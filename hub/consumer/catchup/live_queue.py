"""The live events that wait for a consumer, in its memory: never many."""

import queue
from typing import Generic, TypeVar

LIMIT = 1000  # more are left to the catch-up
One = TypeVar("One")


class LiveQueue(queue.SimpleQueue["One | None"], Generic[One]):
    """Filled by the network thread, emptied by the consumer's. A None only wakes that one."""

    def offer(self, one: One) -> bool:
        """Queue an event, if there is room. A crash loses nothing: it is asked for again."""
        if self.qsize() >= LIMIT:
            return False
        self.put(one)
        return True

    def wake(self) -> None:
        """Have the consumer look what there is."""
        self.put(None)
