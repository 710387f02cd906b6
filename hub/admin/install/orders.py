"""Runs other programs of this machine, like systemctl."""

import subprocess
from collections.abc import Callable

Systemctl = Callable[..., str]


class OrderError(RuntimeError):
    """A program is missing, or refuses what it is ordered to do; the text has its words."""


def order(*command: str) -> str:
    """Run a program, and return its output.

    Raises:
        OrderError: it fails, or is not there.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise OrderError(f"there is no program {command[0]} here") from None
    if done.returncode:
        output = " ".join((done.stderr or done.stdout).split())
        fault = output or f"it ended with {done.returncode}"
        raise OrderError(f"`{' '.join(command)}`: {fault}")
    return done.stdout


def systemctl(*arguments: str) -> str:
    """Run systemctl, and return its output.

    Raises:
        OrderError: it fails, or is not there.
    """
    return order("systemctl", *arguments)
