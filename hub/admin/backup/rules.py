"""What a backup may hold. The rules are the same for both ways: what is written can be restored."""

import os
from pathlib import PurePosixPath

from hub.admin.backup.manifest import LARGEST_MANIFEST, MANIFEST, ROOMS
from hub.process.restore_guard import FROM_RESTORES, NOTE
from hub.store.own_folders import MARK

# In the state folder these belong to a process or to SQLite, which obeys what they say.
NEVER_STATE = (".lock", "-wal", "-shm", "-journal")
DEEPEST_NAME = 32  # parts: 20 folders in folders, their room, and the folder of a process
LONGEST_PART = 255  # bytes: NAME_MAX
MOST_MEMBERS = LARGEST_MANIFEST // 100  # the manifest says more than that of each
LARGEST_SUM = 64 << 30  # bytes; of clips, which are compressed already, there may be more
RATIO = 20


def largest_sum(archive_bytes: int, least: int = LARGEST_SUM) -> int:
    """How large all files together may be, in bytes, by the size of the archive in bytes."""
    return max(least, RATIO * archive_bytes)


class Inventory:
    """The members so far. Each name is a file or a folder, and there once."""

    def __init__(self) -> None:
        self._members: set[str] = set()
        self._files: set[str] = set()
        self._above: set[str] = set()
        self._letters = 0

    def fault(self, name: str, *, is_folder: bool) -> str:
        """Why a backup may not hold this member as well; empty when it may."""
        if fault := _fault_of(name, is_folder=is_folder):
            return fault
        if name in self._members:
            return "there twice"
        if self._files.intersection(_above(name)):
            return "lies below a file"
        if not is_folder and name in self._above:
            return "a file, and other members lie below it"
        if len(self._members) >= MOST_MEMBERS or self._letters + len(name) > LARGEST_MANIFEST:
            return "too many files"
        return ""

    def add(self, name: str, *, is_folder: bool) -> None:
        """Note a member that has no fault."""
        self._members.add(name)
        self._letters += len(name)
        self._above.update(_above(name))
        if not is_folder:
            self._files.add(name)


def _above(name: str) -> list[str]:
    return [str(folder) for folder in PurePosixPath(name).parents]


def _fault_of(name: str, *, is_folder: bool) -> str:
    """What is wrong with this name alone."""
    parts = name.split("/")
    is_known = parts[0] in ROOMS or name == MANIFEST
    if not is_known or not all(parts) or {".", ".."} & {*parts} or "\0" in name:
        return "leaves its folder"
    if len(parts) > DEEPEST_NAME:
        return "too many folders deep"
    if any(len(os.fsencode(part)) > LONGEST_PART for part in parts):
        return "its name is too long"
    if not _is_of_a_house(parts, is_folder=is_folder):
        return "not part of a backup"
    return ""


def _is_of_a_house(parts: list[str], *, is_folder: bool) -> bool:
    """Whether doorbell has such a file or folder in this room."""
    room, *inside = parts
    if room == MANIFEST or not inside:
        return is_folder == (room == "handlers")
    if room == "handlers":
        return True
    if inside[0] == NOTE or inside[0].startswith(FROM_RESTORES):
        return False
    if room == "state":
        return inside[0] != MARK and not inside[-1].endswith(NEVER_STATE)
    is_in_broker = inside[0] == "broker"
    return (is_in_broker and (is_folder or len(inside) > 1)) or not (is_folder or is_in_broker)
