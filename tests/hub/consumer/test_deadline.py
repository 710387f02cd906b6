"""The time limit: nobody's code holds up a handler for ever."""

import signal
import threading
import time
from pathlib import Path

import pytest

from hub.consumer.deadline import Overdue, deadline, hasten
from tests.forked import PATIENCE_S
from tests.hub.fakes import python

HANGS_IN_C = """
import ctypes
from hub.consumer import deadline
deadline.GRACE_S = 0.1
mutex = ctypes.create_string_buffer(64)
library = ctypes.{library}(None)
with deadline.deadline(0.1):
    print("begun", flush=True)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)
print("never here")
"""


def _wait():
    assert not threading.Event().wait(20), "nobody rings"


FORKED = """
import os, sys
from hub.consumer.deadline import deadline
with deadline(20):
    pass
if child := os.fork():
    print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    sys.exit()
"""


def test_code_that_sleeps_is_stopped():
    """The time is up: Overdue is raised where it sleeps."""
    with pytest.raises(Overdue), deadline(0.05):
        _wait()


def test_a_handler_whose_code_took_the_signal_is_stopped_at_its_next_attempt():
    """As libraries with a time limit of their own do, and not all of them give it back."""
    with deadline(PATIENCE_S):
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
    with pytest.raises(Overdue), deadline(0.05):
        _wait()


def test_code_that_catches_every_exception_is_stopped():
    """A handler's own `except Exception` does not swallow it."""
    swallowed = []

    def stubborn():
        try:
            _wait()
        except Exception as error:  # noqa: BLE001 - what this test is about
            swallowed.append(error)

    with pytest.raises(Overdue), deadline(0.05):
        stubborn()
    assert swallowed == []


def test_code_that_swallows_it_once_is_told_again():
    """Who catches even Overdue hears it a second time."""
    rung = []

    def stubborn():
        try:
            _wait()
        except Overdue:
            rung.append(1)
        _wait()

    with pytest.raises(Overdue), deadline(0.05):
        stubborn()
    assert rung == [1]


def test_code_in_time_hears_nothing():
    """Afterwards no alarm is set."""
    with deadline(5):
        left_s, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left_s <= 5
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_code_in_time_starts_no_thread_and_is_not_killed_later(monkeypatch):
    """The kernel alone counts the time, and no longer when the code has ended."""
    monkeypatch.setattr("hub.consumer.deadline.GRACE_S", 0.0)
    threads = Path("/proc/self/task")
    before = set(threads.iterdir())  # of which some that other tests have left may end
    with deadline(0.2):
        assert set(threads.iterdir()) <= before
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGVTALRM})
    assert signal.sigtimedwait({signal.SIGVTALRM}, 0.3) is None
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def test_a_forked_child_has_a_timer_of_its_own():
    """The kernel gives a child none of its parent's timers."""
    with python(FORKED + HANGS_IN_C.format(library="PyDLL")) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert said == f"begun\nchild {-signal.SIGVTALRM}\n"


def test_an_exception_passes_and_the_alarm_is_off():
    """The handler's own failure is its own; no Overdue comes after it."""
    with pytest.raises(LookupError), deadline(5):
        raise LookupError
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize(("limit_s", "left_s"), [(50, 3), (2, 2)])
def test_who_is_to_stop_gets_no_longer_than_that(limit_s, left_s):
    """A long limit is shortened, a short one stays, and without a limit none is set."""
    hasten(3)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    began = time.monotonic()
    with deadline(limit_s):
        hasten(3)
        found_s = signal.getitimer(signal.ITIMER_REAL)[0]
        passed_s = time.monotonic() - began
        assert left_s - passed_s - 0.01 < found_s <= left_s


@pytest.mark.parametrize("library", ["CDLL", "PyDLL"])
def test_a_hang_in_c_ends_the_process(library):
    """For code that never returns to Python the process prints where it hangs, and is killed."""
    with python(HANGS_IN_C.format(library=library)) as process:
        said, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGVTALRM
    assert said == "begun\n"
    assert "most recent call first" in told
    assert 'File "<string>", line 10' in told
