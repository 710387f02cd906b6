"""What was seen outside, and when: a file to which every observer appends a line.

The benchmark itself reads it afterwards, so that it does not run while a reaction is timed.
CLOCK_MONOTONIC is the same in all processes.
"""

import os
import time
from collections.abc import Collection
from pathlib import Path

FIRST_LINE = "first line of "  # followed by the handler's name
HEARD, LAMP, PHONE, PHOTO = "event heard", "lamp asked", "phone called", "phone has the photo"
LAMP_TOPIC = "zigbee2mqtt/porch"
RANG = "an automation on its entity has run"
SHOWN, PICTURE, LIVE = "page shows the ring", "page has its picture", "page shows the door live"


class Observer:
    """Appends to the file. A line is written by one call, so lines never mix."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def see(self, what: str, at: float | None = None) -> None:
        """Note it; at what time, by time.monotonic(), if not now."""
        os.write(self._file, f"{time.monotonic() if at is None else at:.6f} {what}\n".encode())


class Sightings:
    """Reads the file."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open("rb")
        self._rest = b""
        self._seen: list[tuple[float, str]] = []
        self._start = 0  # of what counts for the present round

    def close(self) -> None:
        self._file.close()

    def begin(self) -> None:
        """A round begins: what was seen before does not count for it."""
        self._read()
        self._start = len(self._seen)

    def forget(self) -> None:
        """Forget everything that was seen."""
        self._read()
        self._seen, self._start = [], 0

    def times(self, what: str) -> list[float]:
        """When this was seen, in order, since the last call of `forget`."""
        self._read()
        return sorted(at for at, one in self._seen if one == what)

    def wait(self, names: Collection[str], patience_s: float) -> dict[str, float]:
        """The first time of each name in this round; a name not seen in time is missing."""
        deadline = time.monotonic() + patience_s
        while True:
            self._read()
            found: dict[str, float] = {}
            for at, what in self._seen[self._start :]:
                found[what] = min(at, found.get(what, at))
            if found.keys() >= set(names) or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def _read(self) -> None:
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        pairs = [line.decode().split(" ", 1) for line in lines]
        self._seen += [(float(at), what) for at, what in pairs]
