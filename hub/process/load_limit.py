"""A time limit for loading a handler file: code that waits or loops there might never end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WARN_S = 30.0  # on a Pi Zero 2 W with nothing else to do the largest take three
END_S = 300.0  # far above a slow card at boot: a handler that is ended here is not started again


@contextmanager
def limited(warn: Callable[[float], None], end: Callable[[float], None]) -> Iterator[None]:
    """Watch the code that runs here from a thread of its own.

    Args:
        warn: Called with the seconds once it has taken WARN_S.
        end: Called with the seconds once it has taken END_S; it is to end the process.
    """
    is_loaded = threading.Event()

    def watch() -> None:
        if is_loaded.wait(WARN_S):
            return
        warn(WARN_S)
        if not is_loaded.wait(END_S - WARN_S):
            end(END_S)

    watching = threading.Thread(target=watch, name="load-limit", daemon=True)
    watching.start()
    try:
        yield
    finally:
        is_loaded.set()
        watching.join()  # no word of it comes after what is said next
