"""How a child process is started, and what its supervisor needs of it then."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from hub.process.parent import end_with_parent

PYTHON = (sys.executable, "-P")  # -P: import nothing from the working directory
SUPERVISED = {
    "DOORBELL_SUPERVISED": "1",
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "1",  # mallopt(3): each further arena takes memory
}


class Process(Protocol):
    """A running child, as `subprocess.Popen` offers it.

    Attributes:
        pid: Its process ID.
        stdin: Writes to its standard input; None where it has none.
        stdout: Reads what it prints on its standard output and its standard error.
    """

    pid: int
    stdin: IO[str] | None
    stdout: IO[str] | None

    def poll(self) -> int | None:
        """Its exit code, or the negative number of the signal that killed it; None: it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs after so many seconds.
        """

    def send_signal(self, number: int, /) -> None:
        """Send a signal, unless it has ended."""

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""


class Launcher(Protocol):
    """A way to start a process."""

    def launch(
        self, command: Sequence[str], environment: Mapping[str, str], *, reads_lines: bool
    ) -> Process:
        """Start a process that ignores Ctrl-C, and ends with this one, even by kill -9.

        Args:
            command: The arguments of its program.
            environment: Added to our own environment.
            reads_lines: Whether its standard input is ours to write; else it is empty.

        Raises:
            OSError: it cannot be started.
        """


@dataclass(frozen=True)
class Program:
    """Starts an executable file.

    Attributes:
        words: The file and its first arguments. Any but the Python interpreter gets a process group
            of its own, because it may not ignore Ctrl-C.
    """

    words: Sequence[str] = PYTHON

    def launch(
        self, command: Sequence[str], environment: Mapping[str, str], *, reads_lines: bool
    ) -> Process:
        """Start it with these arguments."""
        return subprocess.Popen(
            [*self.words, *command],
            env={**os.environ, **environment, **SUPERVISED},
            stdin=subprocess.PIPE if reads_lines else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=None if self.words == PYTHON else 0,
            preexec_fn=obey_parent_only,  # noqa: PLW1509 - two system calls between fork and exec
        )


def obey_parent_only() -> None:
    """Between fork and exec: ignore Ctrl-C, and end with the parent, even by kill -9 (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
