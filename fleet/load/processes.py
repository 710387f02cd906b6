"""Processes of one kind, that can be killed and replaced, and what they cost."""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
Process = subprocess.Popen[bytes]


class Processes:
    """As many as were begun; a killed one has another in its place at once."""

    def __init__(self) -> None:
        self._running: list[tuple[Process, Callable[[], Process]]] = []
        self._ended_s = 0.0

    def begin(self, start: Callable[[], Process]) -> None:
        """One more."""
        self._running.append((start(), start))

    def kill_one(self) -> None:
        """Kill the oldest without a word, and start its successor."""
        process, start = self._running.pop(0)
        self._end(process)
        self.begin(start)

    def end(self) -> None:
        """Kill all."""
        while self._running:
            self._end(self._running.pop()[0])

    @property
    def used_s(self) -> float:
        """Seconds of a processor that all have used, the dead ones, too."""
        return self._ended_s + sum(_used_s(process.pid) for process, _ in self._running)

    def _end(self, process: Process) -> None:
        self._ended_s += _used_s(process.pid)
        process.kill()
        process.wait()


def _used_s(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
    return 0.0
