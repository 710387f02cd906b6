"""Where a restore and the house after it write, if that is not where they write today.

A backup may come from elsewhere, and root restores it.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config import Settings, sources
from hub.admin.backup.manifest import BackupError
from hub.admin.backup.members import clips_folder

RESERVE = 50_000_000  # bytes that stay free: a house that runs writes, too
MB = 1e6
NAMES_OF_PLACES = ("folder", "dir", "file", "path")  # how settings of handlers are called
BEGINNINGS = ("/", "~", "..")
CLIPS = ("record", "folder")


def other_places(settings: Settings, present: Settings | None, config: Path) -> dict[str, Path]:
    """The places that a backup's settings name and that are not today's, by the setting.

    Args:
        settings: Those of the backup.
        present: Those of today, if there are any.
        config: Where the settings file will be. What lies in its folder is no other place.
    """
    today = dict(_places(present)) if present else {}
    home = _full(config.parent)
    return {
        name: place
        for name, place in _places(settings)
        if place != today.get(name) and (today.get(name) or not place.is_relative_to(home))
    }


def refuse_without_room(facts: dict[str, Any], homes: dict[str, Path]) -> None:
    """Refuse a backup that would fill a disk.

    Args:
        facts: Its manifest, with the sizes of its members.
        homes: Where each room is unpacked.

    Raises:
        BackupError: there is not enough room.
    """
    needed: dict[int, int] = defaultdict(int)
    folders: dict[int, Path] = {}
    for member in facts["members"]:
        folder = _present(homes[member["name"].partition("/")[0]])
        disk = folder.stat().st_dev
        needed[disk] += member["size"]
        folders[disk] = folder
    for disk, size in needed.items():
        free = shutil.disk_usage(folders[disk]).free
        if size + RESERVE > free:
            words = f"needs {size / MB:.0f} MB, and {free / MB:.0f} MB are free in {folders[disk]}"
            raise BackupError(f"the backup {words}. Make room, or do not restore this file")


def _places(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield "state_dir", _full(settings.state_dir)
    yield "handlers_dir", _full(settings.handlers_dir)
    for key in sources.PATHS:
        if place := getattr(settings.broker, key):
            yield f"[broker] {key}", _full(place)
    yield "[handlers.record] folder", _full(clips_folder(settings))
    for name, table in settings.handlers.items():
        for key, value in table.items():
            if isinstance(value, str) and _is_place(key, value) and (name, key) != CLIPS:
                yield f"[handlers.{name}] {key}", _full(Path(value).expanduser())


def _is_place(key: str, value: str) -> bool:
    return key.endswith(NAMES_OF_PLACES) or value.startswith(BEGINNINGS)


def _full(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - as it is written, with links


def _present(folder: Path) -> Path:
    """The folder, or the first one above it that is there."""
    return next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
