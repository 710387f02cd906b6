"""Where a restore and the house after it write, if that is not where they write today.

A backup may come from elsewhere, and root restores it.
"""

import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from config import Settings, SettingsError, places
from config.reading import sources
from config.toml import toml_file
from hub.admin.backup.manifest import BackupError
from hub.admin.backup.members.members import clips_folder
from hub.admin.backup.members.settings_files import BROKER, named_files

RESERVE = 50_000_000  # bytes that stay free: a house that runs writes, too
MB = 1e6
NAMES_OF_PLACES = ("folder", "dir", "file", "path")  # how settings of handlers are called
BEGINNINGS = ("/", "~")
BARE_KEY = re.compile("[A-Za-z0-9_-]+")
FILE_URL = "file:"
CLIPS = "[handlers.record] folder"


def other_places(settings: Settings, present: Settings | None, config: Path) -> dict[str, Path]:
    """The places that a backup's settings name and that are not today's, by the setting.

    Args:
        settings: Those of the backup.
        present: Those of today, if there are any.
        config: Where the settings file will be. What lies in its folder is no other place.
    """
    home = _full(config.parent)
    today = dict(_places(present, home)) if present else {}
    return {
        name: place
        for name, place in _places(settings, home)
        if place != today.get(name) and (today.get(name) or not place.is_relative_to(home))
    }


def new_files_beside(facts: dict[str, Any], config: Path, *, is_known: bool) -> dict[str, Path]:
    """The files beside the settings that those of today do not name, by their names.

    The settings may lie in a folder with other things, like a home: a backup's settings can name
    any file there. A folder that is doorbell's own has nothing else in it.

    Args:
        facts: The manifest.
        config: Where the settings file will be.
        is_known: Whether there are settings today.
    """
    home = _full(config.parent)
    if home in (places.INSTALLED.parent, places.own_settings().parent):
        return {}
    names: set[str] = set()
    if is_known:
        with suppress(SettingsError):
            names = named_files(toml_file.read(config))
    found = {}
    for member in facts["members"]:
        room, _, name = member["name"].partition("/")
        is_ours = name in names or member["name"] == facts["settings"]
        if room == "settings" and not is_ours and name.partition("/")[0] != BROKER:
            found[f"the file {_quoted(name)}"] = home / name
    return found


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


def _places(settings: Settings, home: Path) -> Iterator[tuple[str, Path]]:
    yield "state_dir", _full(settings.state_dir)
    yield "handlers_dir", _full(settings.handlers_dir)
    for key in sources.PATHS:
        if place := getattr(settings.broker, key):
            yield f"[broker] {key}", _full(place)
    if settings.chime.sound:
        yield "[chime] sound", _full(settings.chime.sound)
    yield CLIPS, _full(clips_folder(settings))
    for name, table in settings.handlers.items():
        for setting, key, text in _texts(table, f"handlers.{_quoted(name)}"):
            if _is_place(key, text) and setting != CLIPS:
                yield setting, _full(home / _path(text))


def _texts(table: Mapping[str, Any], name: str) -> Iterator[tuple[str, str, str]]:
    """Each text in a table and in what is in it: how it is told, its key, and itself."""
    for key, value in table.items():
        yield from _texts_of(value, name, key)


def _texts_of(value: Any, table: str, key: str, index: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield f"[{table}] {_quoted(key)}{index}", key, value
    elif isinstance(value, Mapping):
        yield from _texts(value, f"{table}.{_quoted(key)}{index}")
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from _texts_of(item, table, key, f"{index}, {number}")


def _quoted(key: str) -> str:
    """As TOML has it, so that no two settings are told alike."""
    return key if BARE_KEY.fullmatch(key) else json.dumps(key)


def _is_place(key: str, text: str) -> bool:
    is_called_so = key.rstrip("s").endswith(NAMES_OF_PLACES)
    leads_up = ".." in text.split("/")
    return is_called_so or leads_up or text.startswith(BEGINNINGS) or _is_file_url(text)


def _is_file_url(text: str) -> bool:
    return text[: len(FILE_URL)].lower() == FILE_URL


def _path(text: str) -> Path:
    """Where it leads; a user who is not there is left as it is written."""
    if _is_file_url(text):
        return Path("/", unquote(text[len(FILE_URL) :]).lstrip("/"))
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser() would raise


def _full(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - as it is written, with links


def _present(folder: Path) -> Path:
    """The folder, or the first one above it that is there."""
    return next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
