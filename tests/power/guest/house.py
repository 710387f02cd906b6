"""Runs the hub and the handlers, each in a process of its own.

They are forked from one that has imported all: under emulation an import takes ten seconds.
"""

import ctypes
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hub import daemon, worker

OPT = Path(__file__).parent
CONFIG = str(OPT / "doorbell.toml")


ADJ_MAXERROR_AND_STATUS = 0x14


def believe_the_clock() -> None:
    """Tell the kernel that the clock is right, as a time server's client does (adjtimex(2))."""
    asked = bytearray(256)
    struct.pack_into("I", asked, 0, ADJ_MAXERROR_AND_STATUS)
    state = ctypes.CDLL(None).adjtimex((ctypes.c_char * 256).from_buffer(asked))
    print("the clock is set:", state, flush=True)


def sync_nothing() -> None:
    """Make the hub and the handlers believe in syncs that never were; the audit must notice."""
    os.fdatasync = lambda _: None


def start(main: Callable[[], None], *arguments: str) -> None:
    """Start a process of ours."""
    if os.fork() == 0:
        sys.argv = ["doorbell", *arguments, "--config", CONFIG]
        main()
        sys.exit()


if __name__ == "__main__":
    print("the house starts", flush=True)
    if os.environ["CLOCK_IS_SET"] == "1":
        believe_the_clock()
    if os.environ["SYNCS"] == "0":
        sync_nothing()
    for path in sorted((OPT / "handlers").glob("*.py")):
        start(worker.main, path.stem)
    start(daemon.main, "--stdin")
    while True:  # the first process of a machine must not end
        try:
            print("ended:", os.wait(), flush=True)
        except ChildProcessError:
            time.sleep(1)
