"""The slow disk: a C library, preloaded into our processes, that delays and counts their syncs."""

import os
import shutil
import struct
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).with_name("slow_fsync.c")
CHECKED_MS = 20
ONE_COMMIT = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute("CREATE TABLE a (b)")
"""


class Counts(NamedTuple):
    """What all processes together did.

    Attributes:
        syncs: Calls of fsync and fdatasync.
        bytes: Written by pwrite, as SQLite does and Python itself does not.
    """

    syncs: int
    bytes: int


class Disk:
    """The library, compiled into a folder, and what it counts."""

    def __init__(self, folder: Path) -> None:
        """Compile it.

        Args:
            folder: For the library and its counts.

        Raises:
            SystemExit: There is no C compiler.
        """
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise SystemExit("no C compiler for the slow disk: sudo apt install gcc libc6-dev")
        self._folder = folder
        self._counts = folder / "counts"
        self._counts.mkdir(parents=True)
        self._slower_ms = folder / "slower_ms"
        self._slower_ms.write_bytes(struct.pack("=i", 0))
        library = folder / "slow_fsync.so"
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"]
        subprocess.run(command, check=True)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FSYNC_SLOWER_MS": str(self._slower_ms),
            "FSYNC_COUNTS": str(self._counts),
        }

    def make_slower(self, by_ms: int) -> None:
        """From now on each fsync and fdatasync takes so much longer than the disk needs."""
        with self._slower_ms.open("r+b") as file:  # the processes have it in their memory
            file.write(struct.pack("=i", by_ms))

    def counts(self) -> Counts:
        """The sums over all processes, of those that have ended, too."""
        found = [struct.unpack("=QQ", file.read_bytes()) for file in self._counts.iterdir()]
        return Counts(sum(syncs for syncs, _ in found), sum(size for _, size in found))

    def check(self, python: Path) -> None:
        """Fail unless the library is in effect in SQLite, as this Python has it."""
        self.make_slower(CHECKED_MS)
        before = self.counts()
        began = time.monotonic()
        command = [python, "-c", ONE_COMMIT, self._folder / "check.db"]
        subprocess.run(command, env={**os.environ, **self.environment}, check=True)
        took_ms = (time.monotonic() - began) * 1000
        syncs, size = (now - then for now, then in zip(self.counts(), before, strict=True))
        self.make_slower(0)
        is_in_effect = syncs > 0 and size > 0 and took_ms >= CHECKED_MS * syncs
        assert is_in_effect, f"the preloaded library sees {syncs} syncs and {size} bytes of SQLite"
