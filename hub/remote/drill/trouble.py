"""Kills and stops handler processes, to see what a drill finds then."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from hub.system import processes

PAUSE_S = 0.05
GONE_S = 5.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a drill does to handlers before it presses.

    Attributes:
        kill: The names of the handlers to kill.
        slow: How many seconds to stop a handler for, by its name.
    """

    kill: Sequence[str] = ()
    slow: Mapping[str, float] = field(default_factory=dict)


def wait_for(condition: Callable[[], bool], patience_s: float) -> None:
    """Wait until a condition is true, for so many seconds at most."""
    deadline = time.monotonic() + patience_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(PAUSE_S)


def kill(pid: int) -> None:
    """Kill it at once (SIGKILL) and wait until it is gone: it cannot see any later message."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not processes.command(pid), GONE_S)


@contextmanager
def stopped(pids: Mapping[int, float]) -> Iterator[Callable[[], None]]:
    """Stop processes; at the end all of them are continued.

    Args:
        pids: For how many seconds to stop each process.

    Yields:
        A function that continues the processes whose time has passed.
    """
    until_s: dict[int, float] = {}

    def resume_due() -> None:
        due = [pid for pid, at in until_s.items() if at < time.monotonic()]
        for pid in due:
            _continue(pid)
            del until_s[pid]

    try:
        for pid, seconds in pids.items():
            until_s[pid] = time.monotonic() + seconds
            os.kill(pid, signal.SIGSTOP)
        yield resume_due
    finally:
        for pid in until_s:
            _continue(pid)


def _continue(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
