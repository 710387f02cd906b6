"""Reads all of a backup and checks it against its manifest, before anything is touched."""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from pathlib import Path
from typing import IO, Any

from hub.admin.backup.manifest import (
    FORMAT,
    LARGEST,
    LARGEST_MANIFEST,
    MANIFEST,
    ROOMS,
    BackupError,
)
from hub.store.file.schema import SCHEMA_VERSION

PIECE = 1 << 20  # bytes
PADDING = 16 << 20  # bytes after the end of an archive
LARGEST_HEADER = LARGEST_MANIFEST + tarfile.BLOCKSIZE  # bytes; the manifest is read at once
LARGEST_SUM = 64 << 30  # bytes; of clips, which are compressed already, there may be more
RATIO = 20
DISTRUST = "Do not trust this file"
SHOWN = 5  # damaged members in an error
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
            raise BackupError(f"{self.name}: a header is too large. {DISTRUST}")
        found = super().read(size)
        self._since_seek += len(found)
        return found


def verify(file: Path) -> dict[str, Any]:
    """Check a backup.

    Returns:
        Its manifest.

    Raises:
        BackupError: it is damaged, is no backup, or is of a newer program.
    """
    try:
        text, sums, sizes = _read(file)
        facts: dict[str, Any] = json.loads(text)
        _check(file, facts, sums)
        for member in facts["members"]:
            member["size"] = sizes[member["name"]]
    except UNREADABLE as error:
        fault = f"damaged, or no backup of doorbell: {error}"
        raise BackupError(f"{file}: {fault}. Take another one") from error
    return facts


def _read(file: Path) -> tuple[bytes, dict[str, str], dict[str, int]]:
    """The manifest, each other member's SHA-256 (empty for a folder), and each member's size."""
    manifest = b""
    sums: dict[str, str] = {}
    sizes: dict[str, int] = {}
    total = 0
    with Bounded(file) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
        for member in tar:
            _refuse_outsider(file, member.name)
            sizes[member.name] = member.size
            total += member.size
            _refuse_large(file, member, total)
            content = tar.extractfile(member) if member.isreg() else None
            if member.name in sums or not (content or member.isdir()):
                fault = "not a plain file, or there twice"
                raise BackupError(f"{file}: {member.name}: {fault}. Take another backup")
            if member.name == MANIFEST and content:
                manifest = content.read()
            else:
                sums[member.name] = _sha256(content) if content else ""
        for _ in range(PADDING // PIECE):  # to its end, where gzip's own checksum is
            stream.seek(stream.tell())
            if not stream.read(PIECE):
                return manifest, sums, sizes
    raise BackupError(f"{file}: too much after its end. {DISTRUST}")


def _refuse_large(file: Path, member: tarfile.TarInfo, total: int) -> None:
    """What it would fill is known before it is read: some bytes may stand for a petabyte."""
    largest = LARGEST_MANIFEST if member.name == MANIFEST else LARGEST
    if member.issparse() or member.size > largest:
        raise BackupError(f"{file}: {member.name}: too large ({member.size} bytes). {DISTRUST}")
    if total > max(LARGEST_SUM, RATIO * file.stat().st_size):
        raise BackupError(f"{file}: too large as a whole. {DISTRUST}")


def _refuse_outsider(file: Path, name: str) -> None:
    """A member must lie in one of the rooms; tarfile's own filters came only with Python 3.11.4."""
    parts = name.split("/")
    is_ours = name in (MANIFEST, "handlers") or (len(parts) > 1 and parts[0] in ROOMS)
    if not is_ours or not all(parts) or {".", ".."} & set(parts) or "\0" in name:
        raise BackupError(f"{file}: {name}: leaves its folder. {DISTRUST}")


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := content.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _check(file: Path, facts: dict[str, Any], sums: dict[str, str]) -> None:
    schema = max([facts["schema"], *facts["schemas"].values()])
    if facts["format"] > FORMAT or schema > SCHEMA_VERSION:
        newer = f"written by a newer doorbell ({facts['doorbell']})"
        raise BackupError(f"{file}: {newer}. Update this one, then restore")
    words = [facts["time"], facts["host"], facts["doorbell"], facts["settings"] or ""]
    for member in facts["members"]:
        words += [member["name"], member["owner"], member["group"]]
        member["mode"] = int(member["mode"])
    if not all(isinstance(word, str) for word in words):
        raise ValueError("its manifest holds something else than words")
    listed = {member["name"]: member["sha256"] for member in facts["members"]}
    names = listed.keys() | sums.keys()
    bad = sorted(name for name in names if listed.get(name) != sums.get(name))
    if bad:
        shown = ", ".join(bad[:SHOWN])
        hint = "Take another backup"
        raise BackupError(f"{file}: damaged: {shown} is not as the manifest says. {hint}")
