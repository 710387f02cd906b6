"""What a backup says of itself: its rooms, its members with their checksums, and its versions."""

import json
import socket
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from config.reading import sources
from hub.store.file.schema import SCHEMA_VERSION

MANIFEST = "manifest.json"
FORMAT = 1
LARGEST_MANIFEST = 8 << 20  # bytes: that of 30,000 files
LARGEST = 4 << 30  # bytes: no file of a house is larger, except one that is to fill a disk
ROOMS = ("settings", "handlers", "state")


class BackupError(RuntimeError):
    """There is no backup, or it cannot be restored; the text says why, and what to do."""


class SpoiledError(BackupError):
    """One file cannot be in a backup; all others can."""


@dataclass(slots=True)
class Contents:
    """What a backup holds.

    Attributes:
        file: The backup.
        members: Name, kind, size, SHA-256, mode, owner and group of each file and folder in it.
        schemas: The schema version of each state file.
        left_out: What the backup does not hold, in words: what the settings name elsewhere, and
            what cannot be copied.
    """

    file: Path
    members: list[dict[str, Any]] = field(default_factory=list)
    schemas: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def files(self, room: str) -> list[dict[str, Any]]:
        """The files of a room: `settings`, `handlers` or `state`."""
        return [
            member
            for member in self.members
            if member["name"].startswith(f"{room}/") and member["kind"] == "file"
        ]


def encode_manifest(contents: Contents, config: Path, *, clips: bool) -> bytes:
    """The manifest, as JSON.

    Args:
        contents: What the backup holds.
        config: The settings file.
        clips: Whether pictures and clips are in it.
    """
    facts = {
        "format": FORMAT,
        "doorbell": version("doorbell-hub"),
        "schema": SCHEMA_VERSION,
        "schemas": contents.schemas,
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "settings": None if config == sources.DEMO else f"settings/{config.name}",
        "clips": clips,
        "members": contents.members,
    }
    return json.dumps(facts, indent=1).encode()
