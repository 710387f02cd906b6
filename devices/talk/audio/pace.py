"""The pace of a simulated speaker or microphone: that of a real one, a block every 20 ms."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from devices.talk.audio.pcm import BLOCK_FRAMES, RATE_HZ

BLOCK_S = BLOCK_FRAMES / RATE_HZ


@contextmanager
def paced(step: Callable[[], None]) -> Iterator[None]:
    """Call this for each block, in a thread, while this lasts. It catches up where it was late."""
    is_over = threading.Event()

    def run() -> None:
        due = time.monotonic()
        while not is_over.wait(max(0.0, due - time.monotonic())):
            step()
            due += BLOCK_S

    thread = threading.Thread(target=run, name="pace", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
