"""Backups that pass all checksums, and that doorbell has not written."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

SETTINGS = "settings/doorbell.toml"
Members = dict[str, bytes | None]  # by name; None is a folder


def forge(
    file: Path,
    members: Members,
    change: Callable[[dict[str, Any]], object] = dict,
    manifests: int = 1,
) -> Path:
    """Write a backup.

    Args:
        file: Where.
        members: What is in it.
        change: Changes the manifest; `dict` leaves it as it is.
        manifests: How many of them.
    """
    facts = {
        "format": 1, "doorbell": "1", "schema": 1, "schemas": {}, "time": "now", "host": "h",
        "settings": SETTINGS if SETTINGS in members else None, "clips": False,
        "members": [_entry(name, content) for name, content in members.items()],
    }  # fmt: skip
    change(facts)
    with tarfile.open(file, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members.items():
            _add(tar, name, content)
        for _ in range(manifests):
            _add(tar, "manifest.json", json.dumps(facts).encode())
    return file


def _entry(name: str, content: bytes | None) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "folder" if content is None else "file",
        "size": len(content or b""),
        "sha256": "" if content is None else hashlib.sha256(content).hexdigest(),
        "mode": 0o755 if content is None else 0o644,
        "owner": "root",
        "group": "root",
    }


def _add(tar: tarfile.TarFile, name: str, content: bytes | None) -> None:
    head = tarfile.TarInfo(name)
    if content is None:
        head.type = tarfile.DIRTYPE
    head.size = len(content or b"")
    tar.addfile(head, io.BytesIO(content or b""))
