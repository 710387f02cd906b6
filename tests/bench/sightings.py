"""What was seen outside, and when: a file to which every observer appends a line.

The benchmark itself reads it afterwards, so that it does not run while a reaction is timed.
CLOCK_MONOTONIC is the same in all processes.
"""

import os
import time
from collections.abc import Collection, Iterable
from pathlib import Path

FIRST_LINE = "first line of "  # followed by the handler's name
HEARD, LAMP, PHONE, PHOTO = "event heard", "lamp asked", "phone called", "phone has the photo"


class Observer:
    """Appends to the file. A line is written by one call, so lines never mix."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def see(self, what: str, at: float | None = None) -> None:
        """Note it; at what time, by time.monotonic(), if not now."""
        os.write(self._file, f"{time.monotonic() if at is None else at:.6f} {what}\n".encode())


class Sightings:
    """Reads what is new in the file."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open("rb")
        self._rest = b""

    def close(self) -> None:
        self._file.close()

    def read(self) -> list[tuple[float, str]]:
        """Times and names, since the last call."""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        pairs = [line.decode().split(" ", 1) for line in lines]
        return [(float(at), what) for at, what in pairs]

    def skip(self) -> None:
        """Forget what is new."""
        self.read()

    def wait(self, names: Collection[str], patience_s: float) -> dict[str, float]:
        """The first time of each name; a name that was not seen in time is missing."""
        found: dict[str, float] = {}
        deadline = time.monotonic() + patience_s
        while True:
            _note_first(found, self.read())
            if found.keys() >= set(names) or time.monotonic() > deadline:
                return found
            time.sleep(0.02)


def _note_first(found: dict[str, float], new: Iterable[tuple[float, str]]) -> None:
    for at, what in new:
        found[what] = min(at, found.get(what, at))
