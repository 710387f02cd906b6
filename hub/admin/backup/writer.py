"""Puts files into an archive: each spoils itself only, and none can be what a restore refuses."""

import errno
import io
import json
import os
import stat
import tarfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, NamedTuple

from hub.admin.backup.database_copy import PATIENCE_S, copy_database
from hub.admin.backup.manifest import LARGEST, MANIFEST, Contents, SpoiledError
from hub.admin.backup.members.members import Member
from hub.admin.backup.members.tar_member import Content, head_of
from hub.admin.backup.rules import Inventory, largest_sum
from hub.admin.backup.shares import Limits, Share
from hub.system.files.owned_file import OddFileError, open_regular

LAYOUT = 64  # bytes of the manifest for each member, beside what it says
FAULTS_OF_FILES = (
    errno.EACCES,
    errno.EPERM,
    errno.ELOOP,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
)


class Databases(NamedTuple):
    """State files, which are copied before they are added.

    Attributes:
        folder: Where they lie.
        scratch: Where their copies are made.
    """

    folder: Path
    scratch: Path


class Writer:
    """Puts members into the archive, and notes them for the manifest.

    Attributes:
        contents: What is in it, and what is not.
        listed: About how many bytes of the manifest are taken; never less.
    """

    def __init__(
        self, tar: tarfile.TarFile, archive: IO[bytes], contents: Contents, limits: Limits
    ) -> None:
        self.contents = contents
        self.listed = 0
        self._tar = tar
        self._archive = archive
        self._limits = limits
        self._inventory = Inventory()
        self._sum = 0

    def add(
        self, members: Iterable[Member], share: Share, databases: Databases | None = None
    ) -> None:
        """Add files and folders until their part of the house has taken its share.

        Args:
            members: What they are.
            share: What they may take; it gets smaller.
            databases: The state files among them; None where there are none.
        """
        for member in members:
            if share.listing <= 0:
                words = "and all that follow: too many files for one backup"
                self.contents.left_out.append(f"{member.path} {words}")
                return
            listed, content = self.listed, self._sum
            is_database = databases and member.path.parent == databases.folder
            if databases and is_database and member.path.suffix == ".db":
                self._add_database(member, share, databases.scratch)
            else:
                self._add(member, share)
            share.take(self.listed - listed, self._sum - content)

    def add_manifest(self, text: bytes) -> None:
        """Add the manifest, as the last."""
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(text)
        head.mode = 0o600
        head.mtime = int(time.time())
        self._tar.addfile(head, io.BytesIO(text))

    def _add_database(self, member: Member, share: Share, scratch: Path) -> None:
        if share.patience_s <= 0:
            self._leave_out(f"{member.path}: the state files before it took too long")
            return
        copy = scratch / member.path.name
        began_s = time.monotonic()
        try:
            with open_regular(member.path, LARGEST) as file:
                like = os.fstat(file.fileno())
            self._refuse_beyond(share, like.st_size)
            schema = copy_database(member.path, copy, min(PATIENCE_S, share.patience_s))
        except FileNotFoundError:
            return
        except SpoiledError as error:
            self._leave_out(str(error))
        except OSError as error:
            self._leave_out_faulty(member.path, error)
        else:
            if self._add(Member(member.name, copy), share, like):
                self.contents.schemas[member.name] = schema
                self.listed += len(json.dumps(member.name)) + LAYOUT
        finally:
            share.patience_s -= time.monotonic() - began_s
            copy.unlink(missing_ok=True)

    def _add(self, member: Member, share: Share, like: os.stat_result | None = None) -> bool:
        """Add a file or a folder, with the mode and owner of `like`; whether it is there now."""
        try:
            is_folder = stat.S_ISDIR((facts := member.path.stat()).st_mode)
            self._refuse_strange(member.name, is_folder=is_folder)
            if is_folder:
                head = head_of(member.name, facts)
                self._tar.addfile(head)
                self._note(member, head)
                return True
            with open_regular(member.path, LARGEST) as file:
                facts = os.fstat(file.fileno())
                self._refuse_beyond(share, facts.st_size)
                head = head_of(member.name, like or facts)
                head.size = facts.st_size
                content = Content(file, facts.st_size)
                self._tar.addfile(head, content)
        except FileNotFoundError:
            return False  # removed meanwhile: the house is running
        except OSError as error:
            self._leave_out_faulty(member.path, error)
            return False
        if content.missing:
            self._leave_out(f"{member.path}: the end, which was cut off meanwhile")
        self._note(member, head, content.sum.hexdigest())
        return True

    def _refuse_strange(self, name: str, *, is_folder: bool) -> None:
        if fault := self._inventory.fault(name, is_folder=is_folder):
            raise OddFileError(f"in a backup, {name}: {fault}")

    def _refuse_beyond(self, share: Share, size: int) -> None:
        largest = largest_sum(self._archive.tell(), self._limits.content)
        left = largest - self._limits.listing - self._sum
        if size > min(share.content, left):
            raise OddFileError("too large, together with what is in the backup already")

    def _leave_out_faulty(self, path: Path, error: OSError) -> None:
        """Go on without it, where the fault is the file's own."""
        is_fault_of_file = isinstance(error, OddFileError) or error.errno in FAULTS_OF_FILES
        if not is_fault_of_file or (os.getuid() and error.errno == errno.EACCES):
            raise error
        self._leave_out(f"{path}: {error.strerror or error}")

    def _leave_out(self, line: str) -> None:
        self.contents.left_out.append(line)
        self.listed += len(line) + LAYOUT  # so nobody has to read any number of lines

    def _note(self, member: Member, head: tarfile.TarInfo, digest: str = "") -> None:
        entry = {
            "name": member.name,
            "kind": "folder" if head.isdir() else "file",
            "size": head.size,
            "sha256": digest,
            "mode": head.mode,
            "owner": head.uname,
            "group": head.gname,
        }
        self.contents.members.append(entry)
        self._inventory.add(member.name, is_folder=head.isdir())
        self._sum += head.size
        self.listed += len(json.dumps(entry)) + LAYOUT
