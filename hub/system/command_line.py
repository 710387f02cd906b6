"""The command line by which others know this process, in `ps` and in /proc/PID/cmdline."""

import ctypes
import os
from pathlib import Path


def be_called(*words: str) -> None:
    """Replace the command line of this process; without effect where the kernel tells too little.

    Args:
        words: The new one. There is room for as many bytes as the words took with which the
            process, or the one that it was forked from, was started: proc(5), fields 48 and 49 of
            /proc/PID/stat. What does not fit is cut off.
    """
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    begin, end = (int(field) for field in fields[45:47] or (0, 0))
    if not begin:  # an emulator such as QEMU ends the line before these fields
        return
    text = b"".join(os.fsencode(word) + b"\0" for word in words)
    text = text[: end - begin - 1] + b"\0"
    ctypes.memset(begin, 0, end - begin)
    ctypes.memmove(begin, text, len(text))
