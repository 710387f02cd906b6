"""Copies a house into one file while it runs: settings, handlers, passwords and state."""

import hashlib
import io
import os
import stat
import tarfile
import tempfile
import time
from pathlib import Path
from typing import IO

from config import Settings
from hub.admin.backup.database_copy import copy_database
from hub.admin.backup.manifest import MANIFEST, BackupError, Contents, encode_manifest
from hub.admin.backup.members import (
    Member,
    handlers_members,
    refuse_mixed,
    settings_members,
    state_members,
)
from hub.process.restore_guard import note_of
from hub.system import atomic_file


def write_backup(file: Path, config: Path, settings: Settings, *, clips: bool = False) -> Contents:
    """Write a backup; it gets its name when it is complete and on the disk.

    Args:
        file: Where.
        config: The settings file.
        settings: What it says.
        clips: Whether pictures and clips are to be in it.

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
        with (
            tempfile.TemporaryDirectory(prefix=".doorbell-backup-", dir=file.parent) as scratch,
            atomic_file.replacement(file, 0o600) as raw,  # it holds passwords
            tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar,
        ):
            writer = _Writer(tar, contents, Path(scratch))
            writer.write(config, settings, clips=clips)
    except BackupError as error:
        raise BackupError(f"{file}: not written: {error}") from error
    except (OSError, tarfile.TarError) as error:
        hint = "Make room, or use sudo where something is not yours"
        raise BackupError(f"{file}: not written: {error}. {hint}") from error
    return contents


class _Writer:
    """Puts members into the archive, and notes them for the manifest."""

    def __init__(self, tar: tarfile.TarFile, contents: Contents, scratch: Path) -> None:
        self._tar = tar
        self._contents = contents
        self._scratch = scratch

    def write(self, config: Path, settings: Settings, *, clips: bool) -> None:
        """Handlers' state files first, the hub's last; the manifest after everything."""
        left_out = self._contents.left_out
        for member in settings_members(config, settings, left_out):
            self._add(member)
        for member in handlers_members(settings):
            self._add(member)
        for member in state_members(settings, left_out, clips=clips):
            if member.path.suffix == ".db" and member.path.parent == settings.state_dir:
                self._add_database(member)
            else:
                self._add(member)
        text = encode_manifest(self._contents, config, clips=clips)
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(text)
        head.mode = 0o600
        head.mtime = int(time.time())
        self._tar.addfile(head, io.BytesIO(text))

    def _add_database(self, member: Member) -> None:
        copy = self._scratch / member.path.name
        self._contents.schemas[member.name] = copy_database(member.path, copy)
        self._add(Member(member.name, copy), like=member.path)
        copy.unlink()

    def _add(self, member: Member, like: Path | None = None) -> None:
        """Add a file or a folder, with the mode and owner of `like`."""
        path = member.path
        digest = ""
        try:
            # What a link leads to, with its mode and owner.
            meta = self._tar.gettarinfo((like or path).resolve(), member.name)
            if path.is_dir():
                self._tar.addfile(meta)
            else:
                with path.open("rb") as file:
                    meta.type = tarfile.REGTYPE
                    meta.size = os.fstat(file.fileno()).st_size
                    hashed = _Hashed(file)
                    self._tar.addfile(meta, hashed)
                    digest = hashed.sum.hexdigest()
        except FileNotFoundError:
            return  # removed meanwhile: the house is running
        self._contents.members.append(
            {
                "name": member.name,
                "kind": "folder" if path.is_dir() else "file",
                "size": meta.size,
                "sha256": digest,
                "mode": stat.S_IMODE(meta.mode),
                "owner": meta.uname,
                "group": meta.gname,
            }
        )


class _Hashed:
    """A file that is read once: into the archive and into its checksum."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.sum.update(piece)
        return piece
