"""Tells whether a state file is an older copy of itself that was put in place."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hub.store.file.state_file import StateFile
from hub.system.files.birth_time import birth_time

START = "start"


class Origin:
    """Where a state file comes from.

    A copy has another inode or another time of birth. A file that was moved away, and back after
    its process had run on another one, has the same. But it does not know the last start, which
    stands in the lock file, too. That counts within a boot: a power cut may leave one of the two
    files older.

    Attributes:
        is_copy: Whether the file was put in place since its process last ran.
    """

    def __init__(self, file: StateFile, boot: str, meta: Mapping[str, str]) -> None:
        """Look at a file.

        Args:
            file: The state file.
            boot: The boot of the machine. Where it cannot be told, each start has one of its own:
                then the lock file tells nothing.
            meta: What the file says of itself; nothing if it is new.
        """
        self._lock_file = file.lock_file
        self._boot = boot
        self._start = secrets.token_hex(8)
        self._facts = {"inode": str(file.path.stat().st_ino), "made": birth_time(file.path)}
        starts = self._lock_file.starts(boot)
        has_moved = any(
            value and (meta.get(key) or value) != value for key, value in self._facts.items()
        )
        is_behind = bool(starts) and START in meta and meta[START] not in starts
        self.is_copy = bool(meta) and (has_moved or is_behind)
        # Whatever a copy says must not become valid.
        self._start_before = self._start if self.is_copy else meta.get(START, self._start)

    @contextmanager
    def noted(self) -> Iterator[dict[str, str]]:
        """Meanwhile write what is given into the state file, in one transaction.

        A crash at any point leaves a genuine file genuine, and a copy a copy.
        """
        self._lock_file.note(self._boot, self._start_before, self._start)
        yield {**self._facts, START: self._start}
        self._lock_file.note(self._boot, self._start)
