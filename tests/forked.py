"""Runs our programs each in a new process, without starting Python each time.

A fork server of `multiprocessing` has the packages ready: it has one thread, so its forks are safe.
`Forked` begins where a start of Python would have come to: before the first line of `main`, with
its own command line, variables, folder and streams. What a program imports late it imports late
here, too. Tests of how a program starts, and of what it has loaded by then, start Python.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import connection, reduction
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from hub.process.forking.server import call_main

PROGRAMS = ["hub.daemon", "hub.worker", "hub.web.server", "hub.cli.main"]
BROKER = "hub.mqtt.own_broker.embedded_broker"
IMPORTED = [
    "tests.forked",
    *PROGRAMS,
    BROKER,
    "config.reading.sources",
    "hub.admin.restore.restore",
    "hub.store.state",
]
ROOT = Path(__file__).parent.parent
SLOWER = float(os.environ.get("SLOWER", "1"))  # an emulated processor takes many times as long
PATIENCE_S = 60.0 * SLOWER  # a loaded machine may need seconds to start a process
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(IMPORTED)


class Forked:
    """A process that runs the `main` of a module; offers what tests use of a `subprocess.Popen`."""

    def __init__(
        self,
        module: str,
        *arguments: object,
        stdin: IO[Any] | int = 0,
        stdout: IO[Any] | int = 1,
        stderr: IO[Any] | int = 2,
        cwd: Path = ROOT,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start it, as `python -m MODULE ARGUMENTS` would; without `env`, with our variables."""
        variables = dict(os.environ if env is None else env)
        streams = [
            _Stream(one if isinstance(one, int) else one.fileno())
            for one in (stdin, stdout, stderr)
        ]
        told = (module, [str(one) for one in arguments], cwd, variables, streams)
        self._process = _server.Process(target=_run_main, args=told, daemon=True)
        self._looking = threading.Lock()
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        with self._looking:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        connection.wait([self._process.sentinel], timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return code

    def send_signal(self, how: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended, as in subprocess
                os.kill(self.pid, how)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Command(Forked):
    """A process that is told something, and whose words are kept until it has ended."""

    def __init__(
        self,
        module: str,
        *arguments: object,
        said: str = "",
        cwd: Path = ROOT,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start it; `said` is what it reads from its standard input."""
        self._files = [TemporaryFile("w+", encoding="utf-8") for _ in range(3)]  # noqa: SIM115
        given, told, complained = self._files
        given.write(said)
        given.seek(0)
        streams = {"stdin": given, "stdout": told, "stderr": complained}
        super().__init__(module, *arguments, cwd=cwd, env=env, **streams)

    def communicate(self, timeout: float = PATIENCE_S) -> tuple[str, str]:
        """Wait until it has ended; returns its output, and what came as errors."""
        try:
            self.wait(timeout)
        finally:
            self.kill()
            for file in self._files:
                file.seek(0)
            _, told, complained = [file.read() for file in self._files]
            for file in self._files:
                file.close()
        return told, complained


def run(module: str, *arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` does."""
    command = Command(module, *arguments, **more)
    told, complained = command.communicate()
    return subprocess.CompletedProcess([module, *arguments], command.wait(), told, complained)


def exit_code(program: str, *arguments: str | Path | int) -> int:
    """Run the text of a program that dies on purpose.

    Returns:
        Its exit code, or the negative number of the signal that ended it.
    """
    process = _server.Process(target=_run, args=(program, [str(one) for one in arguments]))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode is not None, "it does not end"
    return process.exitcode


class _Stream:
    """An open file that goes along to the new process; arrives there as its number."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrive, (reduction.DupFd(self._number),)


def _arrive(stream: Any) -> int:
    return stream.detach()


def _run_main(
    module: str, arguments: list[str], cwd: Path, variables: dict[str, str], streams: list[int]
) -> None:
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None  # where it is may be another one now
    os.chdir(cwd)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    line_by_line = 1 if os.isatty(1) else -1
    sys.stdout = open(1, "w", line_by_line, encoding="utf-8", closefd=False)  # noqa: SIM115
    call_main(module, *arguments)


def _run(program: str, arguments: list[str]) -> None:
    sys.argv = ["-c", *arguments]
    exec(program, {"__name__": "__main__"})  # noqa: S102 - the test's own text
