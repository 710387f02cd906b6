"""Reads all of a backup and checks it against its manifest, before anything is touched."""

import gzip
import hashlib
import json
import tarfile
import zlib
from pathlib import Path
from typing import IO, Any

from hub.admin.backup.manifest import FORMAT, MANIFEST, ROOMS, BackupError
from hub.store.file.schema import SCHEMA_VERSION

PIECE = 1 << 20  # bytes
SHOWN = 5  # damaged members in an error
UNREADABLE = (
    OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError, TypeError,
)  # fmt: skip


def verify(file: Path) -> dict[str, Any]:
    """Check a backup.

    Returns:
        Its manifest.

    Raises:
        BackupError: it is damaged, is no backup, or is of a newer program.
    """
    try:
        text, sums = _read(file)
        facts: dict[str, Any] = json.loads(text)
        _check(file, facts, sums)
    except UNREADABLE as error:
        fault = f"damaged, or no backup of doorbell: {error}"
        raise BackupError(f"{file}: {fault}. Take another one") from error
    return facts


def _read(file: Path) -> tuple[bytes, dict[str, str]]:
    """The manifest, and each other member's SHA-256; empty for a folder."""
    manifest = b""
    sums: dict[str, str] = {}
    with gzip.open(file) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
        for member in tar:
            _refuse_outsider(file, member.name)
            content = tar.extractfile(member) if member.isreg() else None
            if member.name in sums or not (content or member.isdir()):
                fault = "not a plain file, or there twice"
                raise BackupError(f"{file}: {member.name}: {fault}. Take another backup")
            if member.name == MANIFEST and content:
                manifest = content.read()
            else:
                sums[member.name] = _sha256(content) if content else ""
        while stream.read(PIECE):  # to its end, where gzip's own checksum is
            pass
    return manifest, sums


def _refuse_outsider(file: Path, name: str) -> None:
    """A member must lie in one of the rooms; tarfile's own filters came only with Python 3.11.4."""
    parts = name.split("/")
    is_ours = name in (MANIFEST, "handlers") or (len(parts) > 1 and parts[0] in ROOMS)
    if not is_ours or not all(parts) or {".", ".."} & set(parts) or "\0" in name:
        raise BackupError(f"{file}: {name}: leaves its folder. Do not trust this file")


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
    listed = {member["name"]: member["sha256"] for member in facts["members"]}
    names = listed.keys() | sums.keys()
    bad = sorted(name for name in names if listed.get(name) != sums.get(name))
    if bad:
        shown = ", ".join(bad[:SHOWN])
        hint = "Take another backup"
        raise BackupError(f"{file}: damaged: {shown} is not as the manifest says. {hint}")
