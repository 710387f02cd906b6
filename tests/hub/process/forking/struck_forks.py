"""Imported by a fork server: a process gets a signal in the middle of each launch."""

import os
import signal

_fork = os.fork
_victim = os.environ["VICTIM"]
_signal = signal.Signals[os.environ["SIGNAL"]]
_is_go_between = False


def _struck() -> int:
    global _is_go_between  # noqa: PLW0603 - each process has its own
    pid = _fork()
    if _is_go_between and _victim == ("go-between" if pid else "fork"):
        os.kill(os.getpid(), _signal)
    _is_go_between = pid == 0
    return pid


os.fork = _struck
