"""Puts a backup in place of what is there: checked first, unpacked beside it, then renamed, and never half."""

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import zlib
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from config import Settings, places, sources
from hub.admin.backup.archive import FORMAT, MANIFEST, OURS, BackupError, clips_folder, refuse_mixed
from hub.admin.backup.restore_steps import resume
from hub.process.restore_guard import NOTE, note_of
from hub.store.schema import SCHEMA_VERSION
from hub.system import atomic_file

PIECE = 1 << 20  # bytes
ROOMS = ("settings", "handlers", "state")
MODES = 0o755  # whatever a backup says, nobody but the owner writes


@dataclass(slots=True)
class Restore:
    """What is going to be done.

    Attributes:
        config: The settings file that will be in force.
        settings: What it says: the backup's own, or the present ones where the backup has none.
        facts: The backup's manifest.
        stamp: Names the folders `before-restore-STAMP` and `.restore-STAMP`.
        steps: What is set aside, where to, and what comes in its place; each can be repeated after a crash.
    """

    config: Path
    settings: Settings
    facts: dict[str, Any]
    stamp: str
    steps: list[dict[str, str | None]] = field(default_factory=list)

    @property
    def homes(self) -> dict[str, Path]:
        """Each room's folder. New files wait in a folder in it, so that renaming never crosses a file system."""
        handlers = self.settings.handlers_dir
        return {
            "settings": self.config.parent,
            "handlers": handlers.parent,
            "state": self.settings.state_dir,
        }

    def stage(self, room: str) -> Path:
        """Where the new files wait."""
        return self.homes[room] / f".restore-{self.stamp}" / room

    def aside(self, room: str) -> Path:
        """Where the present files go."""
        return self.homes[room] / f"before-restore-{self.stamp}"


def verify(file: Path) -> dict[str, Any]:
    """Read all of a backup, and hold it against its manifest.

    Raises:
        BackupError: it is damaged, is none, or is of a newer program.
    """
    try:
        text, sums = _read(file)
        facts: dict[str, Any] = json.loads(text)
        _check(file, facts, sums)
    except (
        OSError,
        EOFError,
        zlib.error,
        tarfile.TarError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        raise BackupError(
            f"{file}: damaged, or no backup of doorbell: {error}. Take another one"
        ) from error
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
                raise BackupError(
                    f"{file}: {member.name}: no plain file, or there twice. Take another backup"
                )
            if member.name == MANIFEST and content:
                manifest = content.read()
            else:
                sums[member.name] = _sum(content) if content else ""
        while stream.read(PIECE):  # to its end: there stands gzip's own checksum
            pass
    return manifest, sums


def _refuse_outsider(file: Path, name: str) -> None:
    """What would lie elsewhere than in one of the rooms (tarfile's own filters came with Python 3.11.4 only)."""
    parts = name.split("/")
    is_ours = name in (MANIFEST, "handlers") or (len(parts) > 1 and parts[0] in ROOMS)
    if not is_ours or not all(parts) or {".", ".."} & set(parts) or "\0" in name:
        raise BackupError(f"{file}: {name}: leaves its folder. Do not trust this file")


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One member into a folder that nobody else can reach; a name that was there already is not followed."""
    path = folder / member.name
    if (content := tar.extractfile(member)) is None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        shutil.copyfileobj(content, target, PIECE)


def _sum(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := content.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _check(file: Path, facts: dict[str, Any], sums: dict[str, str]) -> None:
    if (
        facts["format"] > FORMAT
        or max([facts["schema"], *facts["schemas"].values()]) > SCHEMA_VERSION
    ):
        raise BackupError(
            f"{file}: written by a newer doorbell ({facts['doorbell']}). Update this one, then restore"
        )
    listed = {member["name"]: member["sha256"] for member in facts["members"]}
    if bad := sorted(
        name for name in listed.keys() | sums.keys() if listed.get(name) != sums.get(name)
    ):
        raise BackupError(
            f"{file}: damaged: {', '.join(bad[:5])} is not as the manifest says. Take another backup"
        )


def prepare(file: Path, config: Path, settings: Settings | None) -> Restore:
    """Verify a backup, and unpack it beside what is there; nothing that is there is touched.

    Args:
        file: The backup.
        config: The settings file to be.
        settings: The present settings, where they can be read.

    Raises:
        BackupError: it cannot be restored.
        SettingsError: the settings in it are faulty.
    """
    if config.is_dir():
        raise BackupError(
            f"{config}: a folder. Name the settings file in it: --config {config / 'doorbell.toml'}"
        )
    facts = verify(file)
    if facts["settings"] and config == sources.DEMO:
        raise BackupError(f"{file}: holds settings. Say where they go: --config {places.INSTALLED}")
    stamp = datetime.now().strftime("%Y-%m-%dT%H%M%S-%f")  # noqa: DTZ005 - a name, for people of this house
    first = config.parent / f".restore-{stamp}"
    try:
        if facts["settings"]:
            first.mkdir(parents=True, mode=0o700)
            settings = _settings_in(file, facts["settings"], first, config)
        if settings is None:
            raise BackupError(f"{file}: holds no settings. Write {config} first")  # noqa: TRY301 - undone below
        refuse_mixed(config, settings)
        plan = Restore(config, settings, facts, stamp)
        _sweep(plan)
        _unpack(file, plan)
        _plan_steps(plan)
    except BaseException as error:
        shutil.rmtree(first, ignore_errors=True)
        if "plan" in locals():
            discard(plan)
        if isinstance(error, OSError | tarfile.TarError | sqlite3.Error):
            raise BackupError(
                f"{file}: cannot be unpacked: {error}. Make room, or use sudo"
            ) from error
        raise
    return plan


def _sweep(plan: Restore) -> None:
    """What an earlier restore unpacked before it was killed holds passwords."""
    for room in ROOMS:
        for left in plan.homes[room].glob(".restore-*"):
            if left != plan.stage(room).parent:
                shutil.rmtree(
                    left
                ) if left.is_dir() else left.unlink()  # a note that was not finished


def discard(plan: Restore) -> None:
    """Let go of what was unpacked."""
    for room in ROOMS:
        shutil.rmtree(plan.stage(room).parent, ignore_errors=True)


def _settings_in(file: Path, name: str, first: Path, config: Path) -> Settings:
    """The backup's settings as they will be read at their place."""
    with tarfile.open(file, "r:gz") as tar:
        _put(tar, tar.getmember(name), first)
    read = sources.load(first / name)
    read_at = (first / name).parent

    def moved(path: Path) -> Path:
        return config.parent / path.relative_to(read_at) if path.is_relative_to(read_at) else path

    folders = {key: moved(getattr(read, key)) for key in ("handlers_dir", "state_dir")}
    return read.model_copy(update=folders)


def _unpack(file: Path, plan: Restore) -> None:
    """Each room into its own waiting folder, with mode and owner, and on the disk (fsync)."""
    meta = {member["name"]: member for member in plan.facts["members"]}
    for room in ROOMS:
        shutil.rmtree(plan.stage(room), ignore_errors=True)
    had_state = plan.settings.state_dir.exists()
    for room in {name.split("/")[0] for name in meta} | {"state"}:
        plan.stage(room).mkdir(parents=True, exist_ok=True, mode=0o750)
        plan.stage(room).parent.chmod(0o700)
    if not had_state and os.geteuid() == 0:
        owner = next((entry for name, entry in meta.items() if name.startswith("state/")), None)
        _give(plan.settings.state_dir, owner or {}, None)
    whose = plan.settings.state_dir.stat()
    with tarfile.open(file, "r:gz") as tar:
        for member in tar:
            if member.name == MANIFEST:
                continue
            room = member.name.split("/")[0]
            _put(tar, member, plan.stage(room).parent)
    for name, entry in sorted(meta.items(), reverse=True):
        room = name.split("/")[0]
        path = plan.stage(room).parent / name
        if name in plan.facts["schemas"]:
            _check_database(path)
        if os.geteuid() == 0:
            _give(path, entry, whose if room == "state" else None)
        path.chmod(entry["mode"] & MODES)
        atomic_file.fsync(path)


def _give(path: Path, entry: dict[str, Any], like: os.stat_result | None) -> None:
    """To the owner of what is there, else to the one it had, where this machine knows that name."""
    if like:
        os.chown(path, like.st_uid, like.st_gid)
        return
    with suppress(LookupError):
        shutil.chown(path, entry.get("owner", ""), entry.get("group", ""))


def _check_database(path: Path) -> None:
    """Sound, of no newer schema, and marked as a copy even where the disk gives it the inode that it once had."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if verdict != "ok":
            raise BackupError(f"{path.name}: damaged in the backup: {verdict}. Take another backup")
        if version > SCHEMA_VERSION:
            raise BackupError(
                f"{path.name}: written by a newer doorbell (schema {version}). Update this one, then restore"
            )
        if version:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('inode', 'restored')")


def _plan_steps(plan: Restore) -> None:
    settings, stage = plan.settings, plan.stage("settings")
    if (stage / "broker").is_dir():
        _step(plan, "settings", plan.config.parent / "broker", stage / "broker")
    if plan.stage("handlers").is_dir():
        _step(plan, "handlers", settings.handlers_dir, plan.stage("handlers"))
    new = {path.name: path for path in plan.stage("state").iterdir()}
    media = clips_folder(settings)
    for path in sorted(settings.state_dir.iterdir()):
        is_kept = (
            path.name.endswith(".lock")
            or path.name.startswith(OURS)
            or path.name in ("lost+found", NOTE)
        )
        if not (is_kept or path.name in new or media.is_relative_to(path)):
            _step(plan, "state", path, None)
    for name, path in sorted(new.items()):
        _step(plan, "state", settings.state_dir / name, path)
    own = plan.facts["settings"]
    for path in sorted(stage.rglob("*")) if stage.is_dir() else ():
        part = path.relative_to(stage)
        if path.is_file() and part.parts[0] != "broker" and f"settings/{part}" != own:
            _step(plan, "settings", plan.config.parent / part, path)
    if own:  # the last one
        _step(plan, "settings", plan.config, stage.parent / own)


def _step(plan: Restore, room: str, present: Path, new: Path | None) -> None:
    aside = plan.aside(room) / present.relative_to(plan.homes[room])
    plan.steps.append(
        {"present": str(present), "aside": str(aside), "new": str(new) if new else None}
    )


def apply(plan: Restore) -> list[Path]:
    """Put it in place; returns the folders with what was there. A crash leaves a note, and `resume` goes on from it.

    Raises:
        BackupError: a file cannot be moved; the note stays.
    """
    plan.steps.clear()  # somebody may have run, and ended, since it was planned: what lies there now is set aside
    _plan_steps(plan)
    note = note_of(plan.config, plan.settings)
    rest = [str(plan.stage(room).parent) for room in ROOMS]
    text = json.dumps({"steps": plan.steps, "rest": rest})
    for room in ROOMS:
        if plan.stage(room).parent.is_dir():
            atomic_file.fsync(plan.stage(room).parent)
    atomic_file.write(note, text.encode(), 0o600)
    resume(note)
    return sorted({plan.aside(room) for room in ROOMS if plan.aside(room).is_dir()})
