"""Runs programs that die on purpose, each in a new process, without starting Python each time.

A fork server of `multiprocessing` has the packages ready: it has one thread, so its forks are safe.
"""

import multiprocessing
import sys
from pathlib import Path

IMPORTED = ["config.sources", "hub.admin.backup.restore", "hub.store.state"]
PATIENCE_S = 60.0
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(IMPORTED)


def exit_code(program: str, *arguments: str | Path | int) -> int:
    """Run the text of a program.

    Returns:
        Its exit code, or the negative number of the signal that ended it.
    """
    process = _server.Process(target=_run, args=(program, [str(one) for one in arguments]))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode is not None, "it does not end"
    return process.exitcode


def _run(program: str, arguments: list[str]) -> None:
    sys.argv = ["-c", *arguments]
    exec(program, {"__name__": "__main__"})  # noqa: S102 - the test's own text
