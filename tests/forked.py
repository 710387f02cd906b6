"""Runs our programs each in a new process, without starting Python each time.

A fork server of `multiprocessing` has the packages ready: it has one thread, so its forks are safe.
`Forked` begins where a start of Python would have come to: before the first line of `main`, with
its own arguments, variables, folder and streams. What a program imports late it imports late here,
too. Tests of how a program starts, and of what it has loaded by then, start Python.
"""

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from multiprocessing import connection, reduction
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

PROGRAMS = ["hub.daemon", "hub.worker", "hub.web.server", "hub.cli.main"]
BROKER = "hub.mqtt.own_broker.embedded_broker"
IMPORTED = [*PROGRAMS, BROKER, "config.sources", "hub.admin.backup.restore", "hub.store.state"]
ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0
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
            os.kill(self.pid, how)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    module: str,
    *arguments: object,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    said: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run the `main` of a module to its end, as `subprocess.run` does.

    Args:
        module: What `python -m` would be told.
        arguments: What stands behind it.
        cwd: Its folder.
        env: Its variables, if not ours.
        said: What it reads from its standard input.
    """
    with ExitStack() as stack:
        given, *told = (
            stack.enter_context(TemporaryFile("w+", encoding="utf-8")) for _ in range(3)
        )
        given.write(said)
        given.seek(0)
        process = Forked(
            module, *arguments, stdin=given, stdout=told[0], stderr=told[1], cwd=cwd, env=env
        )
        stack.callback(process.kill)
        code = process.wait(PATIENCE_S)
        for file in told:
            file.seek(0)
        return subprocess.CompletedProcess(
            [module, *arguments], code, *(file.read() for file in told)
        )


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
    time.tzset()
    tempfile.tempdir = None  # where it is may be another one now
    os.chdir(cwd)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    line_by_line = 1 if os.isatty(1) else -1
    sys.stdout = open(1, "w", line_by_line, encoding="utf-8", closefd=False)  # noqa: SIM115
    program = importlib.import_module(module)
    sys.argv = [str(program.__file__), *arguments]
    program.main()


def _run(program: str, arguments: list[str]) -> None:
    sys.argv = ["-c", *arguments]
    exec(program, {"__name__": "__main__"})  # noqa: S102 - the test's own text
