"""Copies a house into one file while it runs: settings, handlers, passwords and state."""

import errno
import grp
import hashlib
import io
import os
import pwd
import stat
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from config import Settings
from hub.admin.backup.database_copy import copy_database
from hub.admin.backup.manifest import (
    LARGEST,
    MANIFEST,
    BackupError,
    Contents,
    SpoiledError,
    encode_manifest,
)
from hub.admin.backup.members import (
    Member,
    clips_folder,
    handlers_members,
    media_members,
    own_members,
    refuse_mixed,
    state_members,
)
from hub.admin.backup.settings_files import settings_members
from hub.process.restore_guard import note_of
from hub.store.own_folders import own_folders
from hub.system import atomic_file
from hub.system.folder_owner import acting_for
from hub.system.owned_file import OddFileError, open_regular

FAULTS_OF_FILES = (
    errno.EACCES,
    errno.EPERM,
    errno.ELOOP,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
)


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
            atomic_file.replacement(file, 0o600) as raw,  # it holds passwords
            tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar,
        ):
            _Writer(tar, contents).write(config, settings, clips=clips)
    except BackupError as error:
        raise BackupError(f"{file}: not written: {error}") from error
    except (OSError, tarfile.TarError) as error:
        hint = "Make room, or use sudo where something is not yours"
        raise BackupError(f"{file}: not written: {error}. {hint}") from error
    return contents


class _Writer:
    """Puts members into the archive, and notes them for the manifest."""

    def __init__(self, tar: tarfile.TarFile, contents: Contents) -> None:
        self._tar = tar
        self._contents = contents
        self._folder = contents.file.parent

    def write(self, config: Path, settings: Settings, *, clips: bool) -> None:
        """Handlers' state files first, the hub's last; the manifest after everything."""
        left_out = self._contents.left_out
        with acting_for(config.parent):
            for member in settings_members(config, settings, left_out):
                self._add(member)
        with acting_for(settings.handlers_dir):
            for member in handlers_members(settings, left_out):
                self._add(member)
        house = settings.state_dir
        folders = own_folders(house)
        self._add_state(house, state_members(settings, left_out, clips=clips))
        if folders:
            media = media_members(settings, left_out, clips=clips)
            self._add_state(clips_folder(settings), media)
        for part, folder in folders.items():
            self._add_state(folder, own_members(part, folder, left_out))
        text = encode_manifest(self._contents, config, clips=clips)
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(text)
        head.mode = 0o600
        head.mtime = int(time.time())
        self._tar.addfile(head, io.BytesIO(text))

    def _add_state(self, folder: Path, members: Iterator[Member]) -> None:
        with acting_for(folder), _scratch(self._folder) as scratch:
            for member in members:
                if member.path.suffix == ".db" and member.path.parent == folder:
                    self._add_database(member, scratch)
                else:
                    self._add(member)

    def _add_database(self, member: Member, scratch: Path) -> None:
        copy = scratch / member.path.name
        try:
            with open_regular(member.path, LARGEST) as file:
                like = os.fstat(file.fileno())
            self._contents.schemas[member.name] = copy_database(member.path, copy)
        except FileNotFoundError:
            return
        except SpoiledError as error:
            self._contents.left_out.append(str(error))
        except OSError as error:
            self._leave_out(member.path, error)
        else:
            self._add(Member(member.name, copy), like)
        finally:
            copy.unlink(missing_ok=True)

    def _add(self, member: Member, like: os.stat_result | None = None) -> None:
        """Add a file or a folder, with the mode and owner of `like`."""
        try:
            if stat.S_ISDIR((facts := member.path.stat()).st_mode):
                self._note(member, self._head(member, facts))
                return
            with open_regular(member.path, LARGEST) as file:
                facts = os.fstat(file.fileno())
                head = self._head(member, like or facts)
                head.size = facts.st_size
                content = _Content(file, facts.st_size)
                self._tar.addfile(head, content)
        except FileNotFoundError:
            return  # removed meanwhile: the house is running
        except OSError as error:
            self._leave_out(member.path, error)
            return
        if content.missing:
            self._contents.left_out.append(f"{member.path}: the end, which was cut off meanwhile")
        self._note(member, head, content.sum.hexdigest())

    def _leave_out(self, path: Path, error: OSError) -> None:
        """Go on without it, where the fault is the file's own."""
        is_fault_of_file = isinstance(error, OddFileError) or error.errno in FAULTS_OF_FILES
        if not is_fault_of_file or (os.getuid() and error.errno == errno.EACCES):
            raise error
        self._contents.left_out.append(f"{path}: {error.strerror or error}")

    def _head(self, member: Member, facts: os.stat_result) -> tarfile.TarInfo:
        head = tarfile.TarInfo(member.name)
        head.type = tarfile.DIRTYPE if stat.S_ISDIR(facts.st_mode) else tarfile.REGTYPE
        head.mode = stat.S_IMODE(facts.st_mode)
        head.mtime = facts.st_mtime
        head.uid, head.gid = facts.st_uid, facts.st_gid
        with suppress(KeyError):
            head.uname = pwd.getpwuid(facts.st_uid).pw_name
        with suppress(KeyError):
            head.gname = grp.getgrgid(facts.st_gid).gr_name
        return head

    def _note(self, member: Member, head: tarfile.TarInfo, digest: str = "") -> None:
        if head.isdir():
            self._tar.addfile(head)
        self._contents.members.append(
            {
                "name": member.name,
                "kind": "folder" if head.isdir() else "file",
                "size": head.size,
                "sha256": digest,
                "mode": head.mode,
                "owner": head.uname,
                "group": head.gname,
            }
        )


class _Content:
    """A file that is read once: into the archive and into its checksum.

    An archive says first how long a file is. What is cut off meanwhile is filled with zeros.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size
        self.missing = 0
        self.sum = hashlib.sha256()

    def read(self, size: int = sys.maxsize) -> bytes:
        size = min(size, self._left)
        piece = self._file.read(size)
        self.missing += size - len(piece)
        piece = piece.ljust(size, b"\0")
        self._left -= size
        self.sum.update(piece)
        return piece


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for copies: beside the backup, and for root where any user can get to its own."""
    place = folder if os.getuid() else Path("/var/tmp")  # noqa: S108 - the folder is private
    with tempfile.TemporaryDirectory(prefix=".doorbell-backup-", dir=place) as scratch:
        yield Path(scratch)
