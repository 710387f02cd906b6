"""Copies a house into one file while it runs: settings, handlers, passwords and state."""

import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

from config import Settings
from hub.admin.backup.manifest import BackupError, Contents, encode_manifest
from hub.admin.backup.members.members import (
    Member,
    clips_folder,
    handlers_members,
    media_members,
    own_members,
    refuse_mixed,
    state_members,
)
from hub.admin.backup.members.settings_files import settings_members
from hub.admin.backup.scratch import scratch
from hub.admin.backup.shares import Limits, Share, rest, share_of_process, share_of_settings
from hub.admin.backup.verify import is_backup
from hub.admin.backup.writer import Databases, Writer
from hub.process.restore_guard import note_of
from hub.store.own_folders import own_folders
from hub.system.files import atomic_file
from hub.system.files.folder_owner import acting_for

# Copies lie beside the backup, and for root where any user can get to its own.
FOR_ROOT = Path("/var/tmp")  # noqa: S108 - a folder of its own in it is private


def write_backup(
    file: Path,
    config: Path,
    settings: Settings,
    *,
    clips: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - it does not change
) -> Contents:
    """Write a backup; it gets its name when it is complete and on the disk.

    Args:
        file: Where. A backup that is there is replaced, and nothing else.
        config: The settings file.
        settings: What it says.
        clips: Whether pictures and clips are to be in it.
        limits: What a restore accepts.

    Raises:
        BackupError: it cannot be written, or something cannot be read. Nothing is left of it then.
    """
    refuse_mixed(config, settings)
    note = note_of(config, settings)
    if note.exists():
        hint = f"Finish it: sudo doorbell restore --config {config}"
        raise BackupError(f"{note}: a restore was cut off. {hint}")
    contents = Contents(file)
    try:
        _refuse_other_file(file)
        with (
            atomic_file.replacement(file, 0o600) as raw,  # it holds passwords
            tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar,
        ):
            writer = Writer(tar, raw, contents, limits)
            _write(writer, config, settings, limits, clips=clips)
    except BackupError as error:
        raise BackupError(f"{file}: not written: {error}") from error
    except (OSError, tarfile.TarError) as error:
        hint = "Make room, or use sudo where something is not yours"
        raise BackupError(f"{file}: not written: {error}. {hint}") from error
    return contents


def _refuse_other_file(file: Path) -> None:
    """Whatever is there would be lost: a device and a link, too."""
    if not file.parent.is_dir():
        raise BackupError(f"there is no folder {file.parent}. Make it, or name another")
    try:
        facts = file.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(facts.st_mode):
        raise BackupError("it is a folder. Name a file in it")
    if not stat.S_ISREG(facts.st_mode):
        raise BackupError("a link, a device or the like is there. Name a file")
    if facts.st_size and not is_backup(file):
        hint = "Name another file, or remove that one"
        raise BackupError(f"a file is there that is not a backup of doorbell. {hint}")


def _write(
    writer: Writer, config: Path, settings: Settings, limits: Limits, *, clips: bool
) -> None:
    """Handlers' state files before the hub's; then clips, which may be any number."""
    left_out = writer.contents.left_out
    share = share_of_settings(limits)
    with acting_for(config.parent):
        writer.add(settings_members(config, settings, left_out), share)
    with acting_for(settings.handlers_dir):
        writer.add(handlers_members(settings, left_out), share)
    house = settings.state_dir
    state = state_members(settings, left_out, clips=clips)
    if folders := own_folders(house):
        processes = 1 + len(folders)
        _add_state(writer, house, state, share_of_process(limits, processes))
        for part, folder in folders.items():
            members = own_members(part, folder, left_out)
            _add_state(writer, folder, members, share_of_process(limits, processes))
        house = clips_folder(settings)
        state = media_members(settings, left_out, clips=clips)
    _add_state(writer, house, state, rest(limits, writer.listed))
    writer.add_manifest(encode_manifest(writer.contents, config, clips=clips))


def _add_state(writer: Writer, folder: Path, members: Iterator[Member], share: Share) -> None:
    beside = writer.contents.file.parent
    with acting_for(folder), scratch(beside if os.getuid() else FOR_ROOT) as copies:
        writer.add(members, share, Databases(folder, copies))
