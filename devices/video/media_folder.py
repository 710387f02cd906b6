"""A folder of clips and pictures, in which old files make room for new ones."""

import logging
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryFile

from devices.device_error import DeviceError
from devices.machine.atomic_file import PART, part_path

log = logging.getLogger(__name__)
MB = 1_000_000
DAY_S = 86_400.0
# 2026-01-01. A file that seems older was written before the clock was set.
BELIEVABLE_S = 1_767_225_600
OURS = re.compile(r"\d{8}-\d{6}-.+\.(jpg|mp4)")
ID_LENGTH = 6
KEEP = ".keep"  # the end of the name of an empty file beside one that must stay


class NoRoomError(DeviceError, OSError):
    """Too little of the disk is free for a clip."""


class MediaFolder:
    """Clips and pictures, named by time, place and event.

    Only files with such names are ever removed, and never one that is still being written, which
    has no such name yet. So the folder may contain other files. A file stays, however old it is, as
    long as there is an empty file beside it whose name is its own with `.keep` behind it.

    Args:
        path: The folder. It need not exist yet.
        keep_days: Older files are removed.
        keep_free_mb: The oldest files are removed until so many MB of the disk are free.
    """

    def __init__(self, path: Path, *, keep_days: float, keep_free_mb: float) -> None:
        self.path = path
        self._keep_days = keep_days
        self._keep_free_mb = keep_free_mb

    def file(self, at: datetime, place: str, event: str, ending: str) -> Path:
        """The path of a new file, like `20261123-201500-front-a1b2c3.mp4`.

        Args:
            at: When it happened. The name has the local time, so that names sort by it.
            place: Where it happened.
            event: The event's id, of which the end tells two events of one second apart.
            ending: `jpg` or `mp4`.
        """
        stamp = f"{at.astimezone():%Y%m%d-%H%M%S}"
        return self.path / f"{stamp}-{place}-{event[-ID_LENGTH:]}.{ending}"

    def delete(self, names: Iterable[str]) -> None:
        """Remove files, and wait until they are gone from the disk, too.

        Args:
            names: Their names. What is not the name of a file of ours is passed over.

        Raises:
            OSError: One cannot be removed.
        """
        for path in self._ours(names):
            path.unlink(missing_ok=True)
            _keep_mark(path).unlink(missing_ok=True)
        self._sync()

    def keep(self, names: Iterable[str]) -> None:
        """Have files stay, however old they become. They need not be there yet.

        Raises:
            OSError: The folder cannot be written.
        """
        for path in self._ours(names):
            _keep_mark(path).touch()
        self._sync()

    def release(self, names: Iterable[str]) -> None:
        """Have files stay no longer than others.

        Raises:
            OSError: The folder cannot be written.
        """
        for path in self._ours(names):
            _keep_mark(path).unlink(missing_ok=True)
        self._sync()

    def remove_parts(self) -> None:
        """Remove the files that a crash left incomplete."""
        for part in self.path.glob(part_path(Path("*")).name):
            if OURS.fullmatch(part.name[1 : -len(PART)]):
                part.unlink(missing_ok=True)

    def make_room(self, now_s: float | None = None) -> int:
        """Remove the files that are too old, and then the oldest ones until enough is free.

        Args:
            now_s: Unix time in seconds; now if it is left out.

        Returns:
            How many files were removed.

        Raises:
            OSError: A file cannot be removed.
        """
        oldest_s = (time.time() if now_s is None else now_s) - self._keep_days * DAY_S
        removed = 0
        for path, written_s in self._oldest_first():
            is_believable = written_s > BELIEVABLE_S
            is_old = is_believable and written_s < oldest_s
            if not is_old and self._has_room():
                if is_believable:
                    break  # all the files that follow are younger
                continue
            path.unlink(missing_ok=True)
            removed += 1
        return removed

    @contextmanager
    def tidied(self, every_s: float = DAY_S / 4) -> Iterator[None]:
        """Make room now, and every so many seconds while this lasts, even when no event comes."""
        ended = threading.Event()

        def tidy() -> None:
            while True:
                try:
                    self.make_room()
                except OSError as error:
                    log.warning("old clips and pictures could not be removed: %s", error)
                if ended.wait(every_s):
                    return

        thread = threading.Thread(target=tidy, name="tidy", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(1)

    def check_room(self, picture_bytes: int, needed_mb: int) -> int:
        """Write a file of this size that is not kept, and see whether enough is free.

        Args:
            picture_bytes: The size of the file, in bytes.
            needed_mb: How much must be free after that, in MB.

        Returns:
            How much is free, in MB.

        Raises:
            OSError: The folder cannot be written, or too little is free.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=self.path) as file:  # it has no name, and goes when it is closed
            file.write(bytes(picture_bytes))
        free_mb = disk_usage(self.path).free // MB
        if free_mb < needed_mb:
            raise NoRoomError(
                f"{self.path}: {free_mb} MB are free, a clip may need {needed_mb}. Remove old clips"
            )
        return free_mb

    def _ours(self, names: Iterable[str]) -> list[Path]:
        """The paths of files in this folder, and nowhere else."""
        return [self.path / name for name in names if "/" not in name and OURS.fullmatch(name)]

    def _sync(self) -> None:
        """Bring the names of the files onto the disk."""
        if not self.path.is_dir():
            return
        number = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

    def _has_room(self) -> bool:
        return disk_usage(self.path).free >= self._keep_free_mb * MB

    def _oldest_first(self) -> list[tuple[Path, float]]:
        """Our files that need not stay, each with the Unix time at which it was written."""
        if not self.path.is_dir():
            return []
        found = []
        paths = list(self.path.iterdir())
        kept = {path.name for path in paths if path.name.endswith(KEEP)}
        for path in paths:
            if OURS.fullmatch(path.name) and _keep_mark(path).name not in kept:
                with suppress(FileNotFoundError):  # another program has removed it
                    found.append((path, path.stat().st_mtime))
        return sorted(found, key=lambda one: (one[1], one[0].name))


def _keep_mark(path: Path) -> Path:
    return path.with_name(f"{path.name}{KEEP}")
