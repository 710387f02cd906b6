"""Standard input, output and error as a command may find them: closed, full, or without UTF-8."""

import io
import os
import sys
from contextlib import suppress

STREAMS = ("stdin", "stdout", "stderr")  # by their descriptors: 0, 1, 2


def prepare() -> None:
    """Make them usable for every command, whatever they are.

    One that was closed (`<&-`) is None to Python, and the next file that is opened would take its
    place. A letter that the encoding of the output does not have is shown by its number, as Python
    does it on standard error.
    """
    for number, name in enumerate(STREAMS):
        if getattr(sys, name) is None:
            _discard(number)
            # It stays open for as long as the process lives.
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115, PTH123
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def drop_unwritten() -> None:
    """Forget what a full disk did not take: Python would try it again at the end, and fail."""
    for number, name in enumerate(STREAMS[1:], 1):
        try:
            getattr(sys, name).flush()
        except OSError:
            with suppress(OSError):
                _discard(number)


def _discard(number: int) -> None:
    """Connect a descriptor with nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)
