"""Starts the benchmark's own programs, each a module run as a process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.house import ROOT


@contextmanager
def program(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module until it prints `ready`; it is killed at the end.

    Args:
        arguments: Its name, and what it is told.
        environment: What it has beside the benchmark's own.
    """
    command = [sys.executable, "-m", *arguments]
    pipe = subprocess.PIPE
    # In a session of its own, as each process of the house, by which costs are counted.
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdin=pipe,
        stdout=pipe,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline() == b"ready\n", f"{arguments} did not start"
        yield process
    finally:
        process.kill()
        process.communicate()
