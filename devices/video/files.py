"""The files of a camera: complete under their name, or not there at all, and not kept for ever."""

import logging
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import disk_usage
from typing import NamedTuple

log = logging.getLogger(__name__)
MB = 1_000_000
DAY_S = 86_400.0
BELIEVABLE_S = 1_700_000_000  # November 2023: what seems older was written before the clock was set
OURS = re.compile(r"\d{8}-\d{6}-.+\.(jpg|mp4)")


class CameraError(OSError):
    """The camera gives no picture; the text says which and what to do."""


class Footage(NamedTuple):
    """A complete clip.

    Attributes:
        path: Where it is.
        seconds: How long it is.
        preroll_s: How much of that was before the moment for which it was begun.
    """

    path: Path
    seconds: float
    preroll_s: float


def aside(path: Path) -> Path:
    """Where a file is written until it is complete."""
    return path.with_name(f".{path.name}.part")


def complete(path: Path) -> None:
    """Give the file that was written aside its name; it is on the disk before, so that no power cut halves it."""
    with aside(path).open("rb") as file:
        os.fsync(file.fileno())
    aside(path).rename(path)


def write(path: Path, data: bytes) -> None:
    """A small file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside(path).write_bytes(data)
    aside(path).rename(path)


def sweep(folder: Path) -> None:
    """Remove what a crash left half written."""
    for part in folder.glob(".*.part"):
        if OURS.fullmatch(part.name[1 : -len(".part")]):
            part.unlink(missing_ok=True)


def make_room(folder: Path, *, keep_days: float, keep_free_mb: float, now_s: float) -> int:
    """Remove what is too old, and then the oldest until so much of the disk is free.

    Only clips and pictures with names as `record` gives; never what is being written, which has no such name yet.

    Args:
        folder: Where they are.
        keep_days: What is older goes.
        keep_free_mb: How much shall be free, in MB.
        now_s: Unix time.

    Returns:
        How many files went.
    """
    gone = 0
    for path, written_s in _oldest_first(folder):
        is_old = BELIEVABLE_S < written_s < now_s - keep_days * DAY_S
        if not is_old and disk_usage(folder).free >= keep_free_mb * MB:
            if written_s > BELIEVABLE_S:
                break  # all that come are younger
            continue
        path.unlink(missing_ok=True)
        gone += 1
    return gone


@contextmanager
def swept_daily(tidy: Callable[[], object], every_s: float = DAY_S / 4) -> Iterator[None]:
    """Tidy now, and some times a day as long as this lasts: what is old goes even when nobody rings any more."""
    ended = threading.Event()

    def sweep_on() -> None:
        while True:
            try:
                tidy()
            except OSError as error:
                log.warning("old clips and pictures could not be removed: %s", error)
            if ended.wait(every_s):
                return

    thread = threading.Thread(target=sweep_on, name="tidy", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(1)


def _oldest_first(folder: Path) -> list[tuple[Path, float]]:
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # somebody else was quicker
            found += [(path, path.stat().st_mtime)] if OURS.fullmatch(path.name) else []
    return sorted(found, key=lambda one: (one[1], one[0].name))
