"""One who listens: what has come and was not sent yet, and no more of it than half a second."""

import threading
from collections import deque

MOST_BLOCKS = 25  # of 20 ms


class Listener:
    """A queue that loses the oldest where it is not read in time."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque(maxlen=MOST_BLOCKS)
        self._has_come = threading.Condition()

    def put(self, sound: bytes) -> None:
        """Add what was heard."""
        with self._has_come:
            self._blocks.append(sound)
            self._has_come.notify()

    def wait(self, timeout_s: float) -> bytes:
        """All that was heard since the last call; nothing, if nothing came in time."""
        with self._has_come:
            self._has_come.wait_for(lambda: self._blocks, timeout_s)
            heard = b"".join(self._blocks)
            self._blocks.clear()
        return heard
