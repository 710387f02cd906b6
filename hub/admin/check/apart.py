"""Loads handler files in a child process, because one may end the process (`os._exit`)."""

import os
import signal
import sys
from pathlib import Path

from config import Settings, SettingsError
from hub.admin.check.handler_files import Inspection
from hub.process.parent import end_with_parent

LONGEST = 4096  # bytes of a path: PATH_MAX


def inspection_apart(settings: Settings) -> Inspection:
    """Go on in a child of this process, with an inspection of the house's handler files.

    When a file ends the child, another child goes on, and there it is a fault of that file. This
    process waits for them, and ends as the last one does. It may have one thread only, as each
    program that forks.
    """
    ended: dict[Path, SettingsError] = {}
    running = os.memfd_create("running")  # the file whose code runs; it outlives the child
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)  # the child has words for it
    while child := os.fork():
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        file = Path(os.fsdecode(os.pread(running, LONGEST, 0)))
        if not file.name or file in ended:
            sys.exit(code if code >= 0 else 128 - code)  # as a shell tells it
        ended[file] = SettingsError([_fault(file, code)])
        os.ftruncate(running, 0)
    signal.signal(signal.SIGINT, on_interrupt)
    end_with_parent()

    def note(file: Path | None) -> None:
        os.ftruncate(running, 0)
        os.pwrite(running, os.fsencode(file) if file else b"", 0)

    return Inspection(settings, known=ended, on_code=note)


def _fault(file: Path, code: int) -> str:
    how = f"exit status {code}"
    if code < 0:
        how = f"signal {-code}: {signal.strsignal(-code)}"
    hint = "Look at what it and its imports do when they are loaded"
    return f"{file.name}: its code has ended the process that loads it ({how}). {hint}"
