"""A time limit for a handler's code, kept in the main thread by the kernel's timer."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType

from hub.system.kernel_timer import FatalTimer

GRACE_S = 5.0  # how long code may take to notice that its time is up


class Overdue(BaseException):
    """The time is up. No Exception: a handler's own `except Exception` must not catch it."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise Overdue in the code that runs here after that many seconds.

    Works in the main thread only. Code that never returns to the interpreter (a hang inside a C
    library) cannot be interrupted: GRACE_S later the process prints where it hangs, and the kernel
    kills it. Its state file tells the next process.
    """
    signal.signal(signal.SIGALRM, _ring)  # each time: the handler's libraries may have taken it
    fatal_timer = _fatal_timer(os.getpid())
    fatal_timer.set(seconds + GRACE_S)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        try:
            _disarm(fatal_timer)
        except Overdue:  # the alarm rang at the last moment; its next ring is a second away
            _disarm(fatal_timer)
            raise


def hasten(seconds: float) -> None:
    """The process is to stop: give the code under a deadline this long at most."""
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    if left > seconds:
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)


@cache
def _fatal_timer(_pid: int) -> FatalTimer:
    """The timer of this process; a child has none of its parent's."""
    return FatalTimer()


def _disarm(fatal_timer: FatalTimer) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    fatal_timer.set(0)


def _ring(_: int, __: FrameType | None) -> None:
    raise Overdue
