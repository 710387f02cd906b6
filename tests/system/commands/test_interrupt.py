"""Ctrl-C while `doorbell run` starts. The terminal sends it to the whole process group."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forked import PATIENCE_S
from tests.house import ROOT, free_port, until
from tests.processes import command_line, has_loaded, kill_session, of_session

QUIET = (0, -signal.SIGINT)


class Start:
    """A `doorbell run` in a process group of its own, from its first moment, and what it prints."""

    def __init__(self, folder: Path) -> None:
        self._output = folder / "output"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "doorbell", "run"],
                cwd=folder,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "HOME": str(folder),
                    "DOORBELL_BROKER__PORT": str(
                        free_port()
                    ),  # another test may have the usual one
                },
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def has_loaded(self, library: str) -> bool:
        return has_loaded(self.process.pid, library)

    def children(self) -> list[int]:
        ours = [pid for pid in of_session(self.process.pid) if pid != self.process.pid]
        return [pid for pid in ours if " hub." in command_line(pid)]

    def has_begun(self, handler: str) -> bool:
        return any(f"/{handler}.py" in command_line(pid) for pid in self.children())

    def printed(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def interrupt(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)


@contextmanager
def _started(folder: Path) -> Iterator[Start]:
    start = Start(folder)
    try:
        yield start
    finally:
        kill_session(start.process.pid)
        start.process.wait(PATIENCE_S)
        assert start.process.stdin
        start.process.stdin.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with _started(tmp_path) as start:
        yield start


def _ended_quietly(start: Start) -> bool:
    """Whether it ends, and all its processes with it, and nobody prints a traceback."""
    code = start.process.wait(PATIENCE_S)
    until(lambda: not of_session(start.process.pid), "its processes are gone")
    return code in QUIET and "Traceback" not in start.printed() and "rror" not in start.printed()


MOMENTS: dict[str, Callable[[Start], bool]] = {
    "pydantic is loaded": lambda start: start.has_loaded("_pydantic_core"),
    "its first line is printed": lambda start: "\n" in start.printed(),
    "one child has begun": lambda start: len(start.children()) >= 1,
    "the last child has begun": lambda start: start.has_begun("visit"),
    "a child has loaded pydantic": lambda start: any(
        has_loaded(pid, "_pydantic_core") for pid in start.children()
    ),
    "it is ready": lambda start: "Enter rings the bell" in start.printed(),
    "a handler is ready": lambda start: " is ready" in start.printed(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_ends_a_start_quietly(start: Start, moment: str):
    """At each moment of the start: exit code 0, or that of an interrupt, and no traceback."""
    until(lambda: MOMENTS[moment](start), lambda: f"{moment}:\n{start.printed()}")
    start.interrupt()
    assert _ended_quietly(start), start.printed()


def test_ctrl_c_twice_ends_it_quietly(start: Start):
    """Who is impatient sees no traceback either."""
    until(lambda: " is ready" in start.printed(), start.printed)
    start.interrupt()
    until(lambda: not start.has_begun("bark"), "the first handlers have ended")
    start.interrupt()
    assert _ended_quietly(start), start.printed()


def test_ctrl_c_before_python_has_started_ends_it_quietly(tmp_path: Path):
    """`make run` holds it back while Python itself starts; the command then ends at once."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with _started(tmp_path) as start:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        start.interrupt()
        assert start.process.wait(PATIENCE_S) == -signal.SIGINT
        assert start.printed() == ""
