"""The command line by which others know a process."""

from tests import forked

PROGRAM = """
import os
from pathlib import Path
from hub.system.command_line import be_called
line = Path("/proc/self/cmdline")
room = len(line.read_bytes())
be_called("one", os.fsdecode(b"caf\\xe9"), "")
assert line.read_bytes().rstrip(b"\\0") == b"one\\0caf\\xe9", line.read_bytes()
be_called("x" * 10_000)
assert line.read_bytes() == b"x" * (room - 1) + b"\\0", line.read_bytes()
"""


def test_the_words_replace_those_of_the_start():
    """Also words that are no UTF-8; what does not fit is cut off."""
    assert forked.exit_code(PROGRAM) == 0
