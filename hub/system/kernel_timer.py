"""Timers of the kernel: they need no thread."""

import ctypes
import faulthandler
import os
import signal
import sys
import time
from functools import cache

_libc = ctypes.CDLL(None, use_errno=True)
_quick = ctypes.PyDLL(None)  # keeps the interpreter's lock: to give it up takes longer than a call
_NANOSECONDS = 1_000_000_000
AT_ONCE_S = 1e-6  # the shortest time that a timer is set to: 0 would stop it


class _SigEvent(ctypes.Structure):
    """The beginning of `struct sigevent`, whose rest is not used with SIGEV_SIGNAL (0)."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signo", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("rest", ctypes.c_char * 64),
    )


class _TimerSpec(ctypes.Structure):
    """`struct itimerspec`: the interval, which stays 0, and the time."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("interval_s", "interval_ns", "s", "ns"))


class FatalTimer:
    """Ends the process, however it hangs (POSIX, timer_create(2)).

    It prints the stacks of all threads when its time is up, and kills the process by SIGVTALRM. No
    Python code is needed for that: the kernel sends the signal, and faulthandler prints in its C
    code. To set it costs one system call.

    Raises:
        OSError: the kernel gives no timer.
    """

    SIGNAL = signal.SIGVTALRM

    def __init__(self) -> None:
        faulthandler.register(self.SIGNAL, file=sys.stderr, chain=True)  # chain: and it kills
        event = _SigEvent(None, self.SIGNAL, 0)
        self._timer = ctypes.c_void_p()
        if _libc.timer_create(time.CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(self._timer)):
            raise OSError(ctypes.get_errno(), "timer_create")

    def set(self, seconds: float) -> None:
        """Let it run out after that many seconds; 0 stops it."""
        _quick.timer_settime(self._timer, 0, ctypes.byref(_once(seconds)), None)


class WakeTimer:
    """Is readable for `select` once its time is up (timerfd_create(2)).

    Raises:
        OSError: the kernel gives no timer.
    """

    def __init__(self) -> None:
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        self._file: int = _libc.timerfd_create(time.CLOCK_MONOTONIC, flags)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """It runs out no more."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def fileno(self) -> int:
        """For `select`; -1 when it is closed."""
        return self._file

    def set(self, seconds: float) -> None:
        """Let it run out after that many seconds; 0 stops it, and then it is not readable."""
        _quick.timerfd_settime(self._file, 0, ctypes.byref(_once(seconds)), None)


@cache  # a few times are all that is ever set, and the kernel only reads this
def _once(seconds: float) -> _TimerSpec:
    whole = int(seconds)
    return _TimerSpec(0, 0, whole, int((seconds - whole) * _NANOSECONDS))
