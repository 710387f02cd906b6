"""Whose turn it is to read a connection: the bus's thread, or the one that waits for what comes.

To hand an event from one thread to another takes as long as all else that is done with it before a
handler's first line. So the thread that waits for events reads them itself, and the bus's thread
takes over where that one is busy for longer than a moment.
"""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar

from hub.system.kernel_timer import AT_ONCE_S, WakeTimer

BUSY_S = 0.05  # most reactions are shorter, also those that call a service nearby
Result = TypeVar("Result")


class Connection(Protocol):
    """What either thread can read."""

    def fileno(self) -> int:
        """For `select`; -1 when it is closed."""

    def flush(self) -> None:
        """Send what was put off."""

    def want_write(self) -> bool:
        """Whether something is left to be sent."""

    def work(self, *, is_readable: bool) -> bool:
        """Read and send what is possible now; False when it has ended."""


class Waker:
    """Ends a `select` of one thread from any other (eventfd(2))."""

    def __init__(self) -> None:
        self._file = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def __del__(self) -> None:
        os.close(self._file)

    def fileno(self) -> int:
        """For `select`."""
        return self._file

    def wake(self) -> None:
        """Have the thread look again at once."""
        os.eventfd_write(self._file, 1)

    def clear(self) -> None:
        """It looks."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._file)


class Turn:
    """Has one thread at a time read the connection of a bus: the server or the waiter.

    The server is the bus's thread. The waiter is the one thread that calls `wait`, if one does.
    """

    def __init__(self) -> None:
        self._server, self._waiter = Waker(), Waker()
        self._timer = WakeTimer()  # runs while the waiter has the turn, and does something else
        self._lock = threading.Lock()  # of whose turn it is; never taken together with the other
        self._is_waiters = False
        self._waiting = 0  # the thread that waits now
        self._is_called = False
        self._pause_s = 0.0
        self._working = threading.Lock()  # held while the connection is read
        self._connection: Connection | None = None

    def serve(self, connection: Connection, timeout_s: float) -> bool:
        """In the bus's thread: for so long, or until it is called, see that this is read.

        Returns:
            False when the connection has ended.
        """
        self._connection = connection
        until = time.monotonic() + timeout_s
        while (left_s := until - time.monotonic()) > 0:
            own = None if self._is_waiters else connection
            if not self._step(own, self._server, left_s) or connection.fileno() < 0:
                return False
            if self._is_called:
                break
            self._pass_on()
            if self._pause_s:
                connection.flush()
                time.sleep(self._pause_s)
                self._pause_s = 0.0
        self._is_called = False
        return True

    def call_server(self) -> None:
        """Have `serve` return at once. May be called from any thread."""
        self._is_called = True
        self._server.wake()

    def alone(self, work: Callable[[], Result]) -> Result:
        """Do this while nobody reads."""
        with self._working:
            return work()

    def end(self) -> None:
        """In the bus's thread: nobody reads this connection any more."""
        with self._working:
            self._connection = None
        with self._lock:
            self._give_to_server()
        self._waiter.wake()

    def wait(self, timeout_s: float, is_done: Callable[[], bool]) -> None:
        """In the waiter: until this is so, or for so long, wait, and read if it has the turn."""
        until = time.monotonic() + timeout_s
        with self._timer_stopped(threading.get_ident()):
            while not is_done() and (left_s := until - time.monotonic()) > 0:
                own = self._connection if self._is_waiters else None
                if not self._step(own, self._waiter, left_s):
                    with self._lock:
                        self._give_to_server()
                    self._server.wake()

    def rest(self, seconds: float) -> None:
        """In the waiter: sleep; what comes meanwhile is read later, and together, on its turn."""
        with self._timer_stopped():
            if connection := self._connection:
                connection.flush()
            time.sleep(seconds)

    def pause(self, seconds: float) -> None:
        """While something is handled: if the server reads, it reads on after so long, and more."""
        if not self._is_waiters:
            self._pause_s = seconds

    def wake_waiter(self) -> None:
        """Have `wait` look at its condition. May be called from any thread."""
        if self._waiting not in (0, threading.get_ident()):
            self._waiter.wake()

    def wake(self) -> None:
        """Have whoever reads look whether there is something to send."""
        self._server.wake()
        self.wake_waiter()

    def hand_over(self) -> None:
        """Have the server read, because the waiter waits for something else.

        It is one step: a reaction's time may be up anywhere (hub.consumer.deadline).
        """
        if self._is_waiters and not self._waiting:
            self._timer.set(AT_ONCE_S)

    def _step(self, connection: Connection | None, waker: Waker, timeout_s: float) -> bool:
        """Wait once, and read what is there; False when the connection has ended."""
        reading: list[Waker | WakeTimer | Connection] = [waker]
        if waker is self._server:
            reading.append(self._timer)
        if connection:
            connection.flush()
            reading.append(connection)
        writing = [connection] if connection and connection.want_write() else []
        try:
            readable, writable, _ = select.select(reading, writing, [], timeout_s)
        except (OSError, ValueError):  # a sender has found it broken, and closed it
            return False
        if waker in readable:
            waker.clear()
        if self._timer in readable:
            self._take_over()
        is_readable = connection in readable
        if connection and (is_readable or writable):
            with self._working:
                if connection is self._connection:
                    return connection.work(is_readable=is_readable)
        return True

    @contextmanager
    def _timer_stopped(self, waiting: int = 0) -> Iterator[None]:
        """In the waiter: the server takes nothing over; `waiting` is the thread, if it waits."""
        with self._lock:
            self._waiting = waiting
            self._start_timer(0)
        try:
            yield
        finally:
            with self._lock:
                self._waiting = 0
                self._start_timer(BUSY_S)

    def _pass_on(self) -> None:
        """In the server: it is the waiter's turn, if there is one."""
        with self._lock:
            if not self._waiting or self._is_waiters:
                return
            self._is_waiters = True
        self._waiter.wake()

    def _take_over(self) -> None:
        """In the server: the waiter has been busy for a moment, if it still is."""
        with self._lock:
            self._timer.set(0)
            if not self._waiting:
                self._is_waiters = False

    def _give_to_server(self) -> None:
        self._start_timer(0)
        self._is_waiters = False

    def _start_timer(self, seconds: float) -> None:
        """Start or stop it, while it is the waiter's turn."""
        if self._is_waiters:
            self._timer.set(seconds)
