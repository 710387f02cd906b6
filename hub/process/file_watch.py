"""Notices files that have changed, as soon as they are written completely."""

from pathlib import Path

Stamp = tuple[int, int]


class FileWatch:
    """Compares files with what they were when they were last read.

    A change counts when two looks in a row find the same: an editor may still be writing after the
    first one. A file that was put back is another one, too: a process may have looked meanwhile.
    """

    def __init__(self) -> None:
        self._read: dict[Path, Stamp | None] = {}
        self._seen: dict[Path, Stamp] = {}

    def note_read(self, path: Path) -> None:
        """Take the file as it is now for read."""
        self._read[path] = _stamp(path)

    def forget(self, path: Path) -> None:
        """Take the file as one that was never read."""
        self._read.pop(path, None)

    def has_changed(self, path: Path) -> bool:
        """Whether the file is other than when it was read, and complete. A missing file is not."""
        stamp = _stamp(path)
        if stamp is None or stamp == self._read.get(path):
            return False
        is_complete = self._seen.get(path) == stamp
        self._seen[path] = stamp
        return is_complete


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ctime_ns, status.st_size
