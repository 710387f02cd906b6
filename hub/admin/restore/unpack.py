"""Unpacks a backup beside what is there, with modes and owners, and on the disk (fsync)."""

import hashlib
import os
import shutil
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from config import Settings
from config.reading import sources
from hub.admin.backup.database_copy import check_copy
from hub.admin.backup.manifest import MANIFEST, BackupError
from hub.admin.backup.verify import PIECE, opened
from hub.system.files import atomic_file
from hub.system.files.folder_owner import acting_for

MODES = 0o755  # whatever a backup says, only the owner may write
CHANGED = "the backup changed after it was checked. Take another one"
EXCLUSIVE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def unpack(
    file: Path,
    facts: dict[str, Any],
    stages: dict[str, Path],
    settings: Settings,
    settings_file: bytes | None = None,
) -> None:
    """Unpack each room into its own stage.

    Args:
        file: The backup.
        facts: Its manifest.
        stages: The folder of each room's new files; its last part is the room's name.
        settings: Those that will be in force.
        settings_file: What takes the place of the backup's own settings file.

    Raises:
        BackupError: a state file is damaged, or of a newer program; or the backup has changed.
        OSError: something cannot be written.
    """
    entries = {member["name"]: member for member in facts["members"]}
    _make_state_folder(settings.state_dir, entries)
    for room in {_room(name) for name in entries} | {"state"}:
        with acting_for(stages[room].parent.parent):
            shutil.rmtree(stages[room], ignore_errors=True)
            stages[room].mkdir(parents=True, exist_ok=True, mode=0o750)
            stages[room].parent.chmod(0o700)
    _extract(file, entries, stages)
    if settings_file is not None:
        stage = stages["settings"].parent
        with acting_for(stage.parent):
            (stage / facts["settings"]).write_bytes(settings_file)
    _finish(entries, facts["schemas"], stages, settings.state_dir.stat())


def settings_in(
    tar: tarfile.TarFile, facts: dict[str, Any], folder: Path, config: Path
) -> Settings:
    """The backup's settings, as they will be read at their place.

    Args:
        tar: The backup.
        facts: Its manifest.
        folder: Where it is unpacked meanwhile.
        config: Its place.

    Raises:
        SettingsError: the settings are faulty.
        BackupError: the backup has changed.
    """
    name = facts["settings"]
    entry = next(member for member in facts["members"] if member["name"] == name)
    member = next((member for member in tar if member.name == name), None)
    if member is None:
        raise BackupError(CHANGED)
    _put(tar, member, entry, folder)
    return sources.load(config, draft=folder / name)


def _extract(file: Path, entries: dict[str, Any], stages: dict[str, Path]) -> None:
    with opened(file) as (tar, _):
        for member in tar:
            if member.name == MANIFEST:
                continue
            if member.name not in entries:
                raise BackupError(CHANGED)
            stage = stages[_room(member.name)].parent
            with acting_for(stage.parent):
                _put(tar, member, entries[member.name], stage)


def _finish(
    entries: dict[str, Any], schemas: dict[str, int], stages: dict[str, Path], state: os.stat_result
) -> None:
    """Check, give away and sync each member, what is in a folder before the folder."""
    for name, entry in sorted(entries.items(), reverse=True):
        stage = stages[_room(name)].parent
        with acting_for(stage.parent):
            _finish_one(stage / name, entry, state, is_database=name in schemas)


def _finish_one(
    path: Path, entry: dict[str, Any], state: os.stat_result, *, is_database: bool
) -> None:
    if is_database:
        check_copy(path)
    if os.geteuid() == 0 and _room(entry["name"]) == "state":
        os.chown(path, state.st_uid, state.st_gid, follow_symlinks=False)
    elif os.geteuid() == 0:  # they say where root writes, so a backup gives them to nobody else
        with suppress(LookupError):
            shutil.chown(path, group=entry.get("group", ""))
    path.chmod(entry["mode"] & MODES)
    atomic_file.fsync(path)


def _make_state_folder(folder: Path, entries: dict[str, Any]) -> None:
    """A new card has none yet; it gets the owner that it had."""
    if folder.exists():
        return
    of_state = [entry for name, entry in entries.items() if _room(name) == "state"]
    with acting_for(folder):
        folder.mkdir(parents=True, mode=0o750)
        if os.geteuid() == 0 and of_state:
            _give_back(folder, of_state[0])


def _put(
    tar: tarfile.TarFile, member: tarfile.TarInfo, entry: dict[str, Any], folder: Path
) -> None:
    """Extract one member into a private folder; an existing name is not followed.

    The owner of the backup may write to it meanwhile, so what was checked is checked once more.
    """
    path = folder / member.name
    is_folder = not entry["sha256"]
    is_kind = member.isdir() if is_folder else member.isreg() and not member.issparse()
    if not is_kind or member.size != entry["size"]:
        raise BackupError(CHANGED)
    content = None if is_folder else tar.extractfile(member)
    if content is None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, EXCLUSIVE, 0o600), "wb") as target:
        while piece := content.read(PIECE):
            digest.update(piece)
            target.write(piece)
    if digest.hexdigest() != entry["sha256"]:
        raise BackupError(CHANGED)


def _give_back(path: Path, entry: dict[str, Any]) -> None:
    """Give it to the owner that it had, where this machine has a user of that name."""
    with suppress(LookupError):
        shutil.chown(path, entry.get("owner", ""), entry.get("group", ""))


def _room(name: str) -> str:
    return name.partition("/")[0]
