"""Child processes: started, watched, restarted with backoff, ended."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hub.process.launch import Launcher, Process, Program
from hub.system.backoff import Backoff
from hub.system.kernel_timer import FatalTimer

STEADY_S = 10.0  # a process that ran so long has its first failure
STOP_S = 6.0
Echo = Callable[[str, str], None]


@dataclass
class Child:
    """One process that should run.

    Attributes:
        name: As people call it.
        command: The arguments of its program.
        environment: Added to our own environment.
        echo: Called with the name and each line that it prints.
        reads_lines: Whether `send_line` reaches its standard input.
        launcher: Starts it: by default as a new Python interpreter.
        is_endless: Whether it is started again even after an end in order.
        advice: Where to look for the reason of an early end.
        process: The running process; None while there is none.
    """

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    echo: Echo
    reads_lines: bool = False
    launcher: Launcher = field(default_factory=Program)
    is_endless: bool = False
    advice: str = ""
    process: Process | None = None
    _restart_at: float | None = 0.0  # monotonic seconds; None: not by itself
    _started_at: float = 0.0
    _kill_at: float = 0.0  # monotonic seconds, where it is to restart
    _backoff: Backoff = field(default_factory=lambda: Backoff(first_s=0.5, longest_s=30))

    def tick(self) -> None:
        """Notice that it has ended; start it when its time has come."""
        if self.process and (code := self.process.poll()) is not None:
            self.process = None
            if self._restart_at is None:
                self._plan_restart(code)
        if self.process or self._restart_at is None:
            self._kill_if_overdue()
            return
        if time.monotonic() >= self._restart_at:
            self._start()

    @property
    def has_ended(self) -> bool:
        """Whether it was started, and has ended by itself since."""
        return self.process is not None and self.process.poll() is not None

    def delay(self, seconds: float) -> None:
        """Do not start it before that many seconds from now."""
        self._restart_at = time.monotonic() + seconds

    def restart(self) -> None:
        """End it, and start it at the next tick without a pause."""
        self.begin_restart()
        self.wait_ended(self._kill_at)

    def begin_restart(self) -> None:
        """Send SIGTERM, and do not wait: the first tick after its end starts it again."""
        self.end()
        self._kill_at = time.monotonic() + STOP_S
        self._backoff.reset()
        self._restart_at = 0.0

    def send_line(self, line: str) -> bool:
        """Write a line to its standard input; False when it is not running."""
        process = self.process
        if process is None or process.stdin is None or process.poll() is not None:
            return False
        try:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
        except OSError:
            return False
        return True

    def end(self) -> None:
        """Send SIGTERM, and do not start it again."""
        self._restart_at = None
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait_ended(self, deadline: float) -> None:
        """Wait until it has ended; kill it at the deadline (monotonic seconds)."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _kill_if_overdue(self) -> None:
        """Kill it when it was to restart, and does not end."""
        if self.process and self._restart_at is not None and time.monotonic() >= self._kill_at:
            self.process.kill()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        self._restart_at = None
        try:
            process = self.launcher.launch(
                self.command, self.environment, reads_lines=self.reads_lines
            )
        except OSError as error:
            self._delay_restart(f"cannot be started ({error})")
            return
        self.process = process
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: Process) -> None:
        if process.stdout:
            for line in process.stdout:
                self.echo(self.name, line.rstrip())
            process.stdout.close()

    def _plan_restart(self, code: int) -> None:
        if code == 0 and not self.is_endless:
            return  # it is done
        if code == os.EX_CONFIG:
            self.echo(self.name, "not started again until its file or the settings change")
            return
        self._delay_restart(self._end_in_words(code))

    def _end_in_words(self, code: int) -> str:
        if code == -FatalTimer.SIGNAL:
            return "its function took longer than timeout_s, and could not be stopped: killed"
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        ran_s = time.monotonic() - self._started_at
        if not self.advice or ran_s > STEADY_S:
            return how
        return f"{how}, {ran_s:.1f} s after its start; {self.advice}"

    def _delay_restart(self, how: str) -> None:
        if time.monotonic() - self._started_at > STEADY_S:
            self._backoff.reset()
        wait_s = self._backoff.next_s()
        self._restart_at = time.monotonic() + wait_s
        self.echo(self.name, f"{how}; starts again in {wait_s:.1f} s")
