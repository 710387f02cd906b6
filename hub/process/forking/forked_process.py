"""A forked child of this process, which offers what a `subprocess.Popen` does."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO

LOOK_S = 0.01


class ForkedProcess:
    """Waits for a child that another process forked for us.

    Attributes:
        pid: Its process ID.
        stdin: Writes to its standard input; None where it has none.
        stdout: Reads what it prints.
        returncode: Once it has ended and somebody has looked: its exit code, or the negative
            number of the signal that killed it.
    """

    def __init__(self, pid: int, stdin: IO[str] | None, stdout: IO[str]) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout: IO[str] | None = stdout
        self.returncode: int | None = None
        self._looking = threading.Lock()  # a process ID is reused once it was waited for

    def poll(self) -> int | None:
        """The return code; None while it runs."""
        with self._looking:
            return self._look()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs after so many seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(LOOK_S)
        return code

    def send_signal(self, number: int, /) -> None:
        """Send a signal, unless it has ended."""
        with self._looking, suppress(ProcessLookupError):
            if self._look() is None:
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _look(self) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # SIGCHLD is ignored: the kernel waited for it
                pid, status = self.pid, 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode
