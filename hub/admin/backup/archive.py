"""Copies the house into one file while it runs: settings, handlers, passwords and state, each with its checksum."""

import hashlib
import io
import json
import os
import socket
import sqlite3
import stat
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from config import Settings, sources
from hub.plugin import loader
from hub.process.restore_guard import note_of
from hub.store.schema import SCHEMA_VERSION
from hub.system.atomic_file import fsync

MANIFEST = "manifest.json"
FORMAT = 1
LEFT_OUT = (
    ".lock",
    "-wal",
    "-shm",
    ".part",
    "embedded-broker-port",
)  # a database's copy is whole without its companions
CLIPS = (".mp4", ".jpg")
OURS = ("before-restore-", ".restore-")  # what earlier restores left
HELD_S = 30.0


class BackupError(RuntimeError):
    """There is no backup, or it cannot be restored; the text says why, and what to do."""


@dataclass(slots=True)
class Contents:
    """What a backup holds.

    Attributes:
        file: The backup.
        members: Name, kind, size, SHA-256, mode, owner and group of each file and folder in it.
        schemas: The schema version of each state file.
        left_out: What the settings name and the backup does not hold, in words.
    """

    file: Path
    members: list[dict[str, Any]] = field(default_factory=list)
    schemas: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def size(self, room: str) -> int:
        """Bytes of all files of a room: `settings`, `handlers` or `state`."""
        return sum(
            member["size"] for member in self.members if member["name"].split("/")[0] == room
        )


def write_backup(file: Path, config: Path, settings: Settings, *, clips: bool = False) -> Contents:
    """Write the backup under another name, have it on the disk, and then give it its own.

    Raises:
        BackupError: it cannot be written, or something cannot be read. Nothing is left of it then.
    """
    refuse_mixed(config, settings)
    if (note := note_of(config, settings)).exists():
        raise BackupError(
            f"{note}: a restore was cut off. Finish it: sudo doorbell restore --config {config}"
        )
    part = file.with_name(f"{file.name}.part")
    contents = Contents(file)
    try:
        with tempfile.TemporaryDirectory(prefix=".doorbell-backup-", dir=file.parent) as scratch:
            part.unlink(
                missing_ok=True
            )  # an earlier one's; and it must be ours, for it holds passwords
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:  # noqa: PTH123
                with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar:
                    _fill(tar, contents, config, settings, Path(scratch), clips=clips)
                raw.flush()
                os.fsync(raw.fileno())
            part.replace(file)
            fsync(file.parent)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise BackupError(
            f"{file}: not written: {error}. Make room, or use sudo where something is not yours"
        ) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return contents


def refuse_mixed(config: Path, settings: Settings) -> None:
    """The state folder is replaced as a whole.

    Raises:
        BackupError: it holds other things than state.
    """
    for path in (config, settings.handlers_dir):
        if path.resolve().is_relative_to(settings.state_dir.resolve()):
            raise BackupError(
                f"{settings.state_dir}: the state folder holds {path}, too. Give state_dir its own folder"
            )


def clips_folder(settings: Settings) -> Path:
    """Where `record` keeps clips and pictures."""
    return (
        settings.state_dir
        / Path(settings.handlers.get("record", {}).get("folder") or "media").expanduser()
    )


def _fill(
    tar: tarfile.TarFile,
    contents: Contents,
    config: Path,
    settings: Settings,
    scratch: Path,
    *,
    clips: bool,
) -> None:
    for name, path in _settings_files(config, settings, contents):
        _add(tar, contents, name, path)
    if (
        settings.handlers_dir.is_dir()
        and settings.handlers_dir.resolve() != loader.SHIPPED.resolve()
    ):
        _add(tar, contents, "handlers", settings.handlers_dir)
        for path in _walk(settings.handlers_dir):
            if "__pycache__" not in path.parts:
                _add(tar, contents, f"handlers/{path.relative_to(settings.handlers_dir)}", path)
    _add_state(tar, contents, settings, scratch, clips=clips)
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
    text = json.dumps(facts, indent=1).encode()
    head = tarfile.TarInfo(MANIFEST)
    head.size, head.mode, head.mtime = len(text), 0o600, int(time.time())
    tar.addfile(head, io.BytesIO(text))


def _settings_files(
    config: Path, settings: Settings, contents: Contents
) -> Iterator[tuple[str, Path]]:
    """The settings file, the broker's folder beside it, and each file that it names by a relative path."""
    if config == sources.DEMO:
        return
    home = config.parent
    yield f"settings/{config.name}", config
    if (home / "broker").is_dir():
        yield "settings/broker", home / "broker"
        for path in _walk(home / "broker"):
            yield f"settings/{path.relative_to(home)}", path
    for text in sorted(set(_texts(tomllib.loads(config.read_text(encoding="utf-8"))))):
        path = Path(text)
        with suppress(OSError, ValueError):  # most texts are no path at all
            if path.parts[:1] == ("broker",) or not (home / path).is_file():
                continue
            if path.is_absolute() or not (home / path).resolve().is_relative_to(home.resolve()):
                contents.left_out.append(f"{path}: it does not lie beside the settings")
            elif not (home / path).resolve().is_relative_to(settings.handlers_dir.resolve()):
                yield f"settings/{Path(os.path.normpath(path))}", home / path
    folder = settings.broker.password_dir
    if folder and not folder.resolve().is_relative_to((home / "broker").resolve()):
        contents.left_out.append(f"{folder}: the passwords do not lie in {home / 'broker'}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value and "\n" not in value:
        yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _texts(item)


def _add_state(
    tar: tarfile.TarFile, contents: Contents, settings: Settings, scratch: Path, *, clips: bool
) -> None:
    """Handlers first, the hub last: what a handler has seen, the hub's copy knows, too."""
    media = clips_folder(settings)
    for path in sorted(_walk(settings.state_dir), key=lambda p: (p.name.startswith("hub-"), p)):
        name = f"state/{path.relative_to(settings.state_dir)}"
        if path.name.endswith(LEFT_OUT) or name.split("/")[1].startswith(OURS):
            continue
        if not clips and _is_clip(path, media.resolve(), settings.state_dir.resolve()):
            continue
        if path.suffix == ".db" and path.parent == settings.state_dir:
            copy = scratch / path.name
            contents.schemas[name] = copy_database(path, copy)
            _add(tar, contents, name, copy, like=path)
            copy.unlink()
        else:
            _add(tar, contents, name, path)
    if clips and not media.resolve().is_relative_to(settings.state_dir.resolve()):
        contents.left_out.append(f"{media}: the clips do not lie in the state folder")


def _is_clip(path: Path, media: Path, state: Path) -> bool:
    """Whether `record` has put it there; where clips lie among the state, by its name."""
    if state.is_relative_to(media):
        return path.suffix in CLIPS
    return path.resolve().is_relative_to(media)


def copy_database(path: Path, copy: Path) -> int:
    """One moment of a database that others write to (https://sqlite.org/backup.html); returns its schema version."""
    source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=HELD_S)
    with closing(source), closing(sqlite3.connect(copy, isolation_level=None)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = target.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"{path} is damaged: {verdict}")
        return int(target.execute("PRAGMA user_version").fetchone()[0])


def _walk(folder: Path) -> Iterator[Path]:
    """All folders and files in it, also what a link to a file leads to; no socket, and no folder behind a link."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            if not path.name.startswith(OURS):
                yield path
                yield from _walk(path)
        elif path.is_file():
            yield path


class _Hashed:
    """A file that is read once: into the archive and into its checksum."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.sum.update(piece)
        return piece


def _add(
    tar: tarfile.TarFile, contents: Contents, name: str, path: Path, like: Path | None = None
) -> None:
    """Add a file or a folder; mode and owner are those of `like`."""
    try:
        meta = tar.gettarinfo(
            (like or path).resolve(), name
        )  # what a link leads to, with its mode and owner
        if path.is_dir():
            tar.addfile(meta)
            digest = ""
        else:
            with path.open("rb") as file:
                meta.type, meta.size = tarfile.REGTYPE, os.fstat(file.fileno()).st_size
                tar.addfile(meta, hashed := _Hashed(file))
                digest = hashed.sum.hexdigest()
    except FileNotFoundError:
        return  # the house runs: what is gone by now was about to go
    contents.members.append(
        {
            "name": name,
            "kind": "folder" if path.is_dir() else "file",
            "size": meta.size,
            "sha256": digest,
            "mode": stat.S_IMODE(meta.mode),
            "owner": meta.uname,
            "group": meta.gname,
        }
    )
