"""The lock file of a state file: it keeps a second process away, and knows the last start.

It stays where it is when a copy is put in place of the state file. So it can tell that the copy is
one: the last start is not in it. And it holds some room on the disk, which is given up where a
process could not start otherwise: then it can open its state file, and keep it in memory.
"""

import fcntl
import os
from contextlib import closing, suppress
from pathlib import Path

LARGEST = 1000  # bytes, of what is written in it
ROOM = 131_072  # bytes: SQLite's index of a log takes 32 KiB, and some commits as much again


class LockFile:
    """Holds the lock until it is closed, or this process ends."""

    def __init__(self, state_file: Path) -> None:
        """Make the lock file beside a state file, if there is none, and lock it.

        Raises:
            BlockingIOError: another process holds it.
            OSError: it cannot be opened.
        """
        descriptor = os.open(_path(state_file), os.O_RDWR | os.O_CREAT, 0o666)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise

    def starts(self, boot: str) -> set[str]:
        """One of these was the last start; none if that was not in this boot.

        A power cut may leave the lock file older or newer than the state file.
        """
        text = os.pread(self._file.fileno(), LARGEST, 0).decode("ascii", "replace")
        noted, *starts = text.partition("\n")[0].split() or [""]
        return set(starts) if noted == boot else set()

    def note(self, boot: str, *starts: str) -> None:
        """Write down a start. All have one length, so that each note covers the one before.

        Args:
            boot: The boot of the machine.
            starts: The start; or two, while it is not known which of them the state file has.

        Raises:
            OSError: the disk takes nothing.
        """
        first, last = starts[0], starts[-1]
        os.pwrite(self._file.fileno(), f"{boot} {first} {last}\n".encode(), 0)

    def take_room(self) -> None:
        """Hold the room, or what the disk still has of it. Nothing is written for that."""
        room = ROOM
        while room > LARGEST:
            with suppress(OSError):
                os.posix_fallocate(self._file.fileno(), 0, room)
                return
            room //= 2

    def give_up_room(self) -> bool:
        """Give it up; False where there is none."""
        if os.fstat(self._file.fileno()).st_size <= LARGEST:
            return False
        os.ftruncate(self._file.fileno(), LARGEST)
        return True

    def close(self) -> None:
        """Let another process have it."""
        self._file.close()


def give_up_room(state_file: Path) -> bool:
    """Give up the room of a state file that no process holds; False where there is none."""
    with suppress(OSError), closing(LockFile(state_file)) as lock_file:
        return lock_file.give_up_room()
    return False


def is_in_use(state_file: Path, *, if_unknown: bool = True) -> bool:
    """Whether a process holds this state file; nothing is made.

    Args:
        state_file: The state file.
        if_unknown: What to say of another user's, whose lock cannot be looked at.
    """
    try:
        with _path(state_file).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return if_unknown
    return False


def _path(state_file: Path) -> Path:
    return state_file.with_suffix(".lock")
