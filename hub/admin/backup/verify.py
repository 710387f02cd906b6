"""Reads all of a backup and checks it against its manifest, before anything is touched."""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from hub.admin.backup.facts import read_facts
from hub.admin.backup.manifest import LARGEST, LARGEST_MANIFEST, MANIFEST, ROOMS, BackupError
from hub.admin.backup.rules import Inventory, largest_sum
from hub.system.files.owned_file import open_regular

PIECE = 1 << 20  # bytes
PADDING = 16 << 20  # bytes after the end of an archive
LARGEST_HEADER = LARGEST_MANIFEST + tarfile.BLOCKSIZE  # bytes; the manifest is read at once
LARGEST_ARCHIVE = 1 << 62  # bytes: any
MOST_WORDS = 64 << 10  # letters of what a header says beside a member's name; each is kept
DISTRUST = "Do not trust this file"
SHOWN = 5  # damaged members in an error
LONGEST_SHOWN = 200  # characters of a name
UNREADABLE = (
    OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError, TypeError,
    RecursionError,
)  # fmt: skip


class Bounded(gzip.GzipFile):
    """A compressed file of which no caller reads much without a seek.

    tarfile reads a header at once or in pieces, whatever its size, and seeks before each member.
    """

    _since_seek = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to another place."""
        self._since_seek = 0
        return super().seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes.

        Raises:
            BackupError: more are wanted than any header of a backup has.
        """
        wanted = LARGEST_HEADER + 1 if size is None or size < 0 else size
        if self._since_seek + wanted > LARGEST_HEADER:
            raise BackupError(f"a header is too large. {DISTRUST}")
        found = super().read(size)
        self._since_seek += len(found)
        return found


@contextmanager
def opened(file: Path) -> Iterator[tuple[tarfile.TarFile, Bounded]]:
    """A backup, and the stream that it is read from.

    Raises:
        OSError: it cannot be read, or is not a regular file.
    """
    with (
        open_regular(file, LARGEST_ARCHIVE) as raw,
        Bounded(str(file), "rb", fileobj=raw) as stream,
        tarfile.open(fileobj=stream, mode="r:") as tar,
    ):
        yield tar, stream


def is_backup(file: Path) -> bool:
    """Whether it begins like a backup of doorbell, whole or not."""
    try:
        with opened(file) as (tar, _):
            first = tar.next()
    except (*UNREADABLE, BackupError):
        return False
    return first is not None and first.name.partition("/")[0] in ROOMS


def verify(file: Path) -> dict[str, Any]:
    """Check a backup.

    Returns:
        Its manifest, with the sizes that its members really have.

    Raises:
        BackupError: it is damaged, is no backup, or is of a newer program.
    """
    try:
        text, sums, sizes = _read(file)
        facts = read_facts(text)
        _compare(facts, sums)
    except FileNotFoundError as error:
        raise BackupError(f"{file}: there is no such file. Look at its name") from error
    except UNREADABLE as error:
        fault = f"damaged, or no backup of doorbell: {error}"
        raise BackupError(f"{file}: {fault}. Take another one") from error
    except BackupError as error:
        raise BackupError(f"{file}: {error}") from error
    for member in facts["members"]:
        member["size"] = sizes[member["name"]]
    return facts


def _read(file: Path) -> tuple[bytes, dict[str, str], dict[str, int]]:
    """The manifest, each other member's SHA-256 (empty for a folder), and each member's size."""
    manifest = b""
    sums: dict[str, str] = {}
    sizes: dict[str, int] = {}
    inventory = Inventory()
    limit = largest_sum(file.stat().st_size)
    with opened(file) as (tar, stream):
        for member in tar:
            _refuse_strange(member, inventory)
            sizes[member.name] = member.size
            _refuse_large(member, sum_limit=limit)
            limit -= member.size
            content = tar.extractfile(member) if member.isreg() else None
            if member.name == MANIFEST and content:
                manifest = content.read()
            else:
                sums[member.name] = _sha256(content) if content else ""
        for _ in range(PADDING // PIECE):  # to its end, where gzip's own checksum is
            stream.seek(stream.tell())
            if not stream.read(PIECE):
                return manifest, sums, sizes
    raise BackupError(f"too much after its end. {DISTRUST}")


def _refuse_strange(member: tarfile.TarInfo, inventory: Inventory) -> None:
    """Each member is a file or folder of a house; tarfile's own filters know no house."""
    fault = inventory.fault(member.name, is_folder=member.isdir())
    if not (member.isreg() or member.isdir()):
        fault = "not a plain file"
    if sum(len(key) + len(value) for key, value in member.pax_headers.items()) > MOST_WORDS:
        fault = "its header is too large"
    if fault:
        raise BackupError(f"{member.name[:LONGEST_SHOWN]}: {fault}. {DISTRUST}")
    inventory.add(member.name, is_folder=member.isdir())


def _refuse_large(member: tarfile.TarInfo, sum_limit: int) -> None:
    """What it would fill is known before it is read: some bytes may stand for a petabyte."""
    largest = LARGEST_MANIFEST if member.name == MANIFEST else LARGEST
    if member.issparse() or member.size > largest:
        raise BackupError(f"{member.name}: too large ({member.size} bytes). {DISTRUST}")
    if member.size > sum_limit:
        raise BackupError(f"too large as a whole. {DISTRUST}")


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := content.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _compare(facts: dict[str, Any], sums: dict[str, str]) -> None:
    """What the manifest lists is what is there."""
    listed = {member["name"]: member["sha256"] for member in facts["members"]}
    names = listed.keys() | sums.keys()
    bad = sorted(name for name in names if listed.get(name) != sums.get(name))
    if bad:
        shown = ", ".join(bad[:SHOWN])
        hint = "Take another backup"
        raise BackupError(f"damaged: {shown} is not as the manifest says. {hint}")
