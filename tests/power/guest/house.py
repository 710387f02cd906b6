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
from hub.store.file import flusher

OPT = Path(__file__).parent
CONFIG = str(OPT / "doorbell.toml")
ADJ_MAXERROR_AND_STATUS = 0x14


def believe_the_clock() -> None:
    """Tell the kernel that the clock is right, as a time server's client does (adjtimex(2))."""
    asked = bytearray(256)
    struct.pack_into("I", asked, 0, ADJ_MAXERROR_AND_STATUS)
    state = ctypes.CDLL(None).adjtimex((ctypes.c_char * 256).from_buffer(asked))
    print("the clock is set:", state, flush=True)


def checkpoint_often() -> None:
    """Copy the logs after each press, so that power cuts fall into it; the console says when."""
    flusher.CHECKPOINT_COMMITS = 3
    flusher.CHECKPOINT_IDLE_S = 0.1
    flusher.CHECKPOINT_MOST = 12
    checkpoint = flusher.Flusher._checkpoint

    def told(self: flusher.Flusher, *, is_busy: bool = False) -> None:
        print("checkpoint begins:", self._path.stem, flush=True)
        checkpoint(self, is_busy=is_busy)
        print("checkpoint ends:", self._path.stem, flush=True)

    flusher.Flusher._checkpoint = told  # type: ignore[method-assign]


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
    checkpoint_often()
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
