"""Puts a backup in place of what is there: checked first, unpacked beside it, then renamed."""

import json
import shutil
import tarfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from config import Settings, places
from config.reading import sources
from config.toml import toml_file
from hub.admin.backup.manifest import BackupError
from hub.admin.backup.members.members import refuse_mixed
from hub.admin.backup.members.settings_files import refuse_unnamed
from hub.admin.backup.verify import opened, verify
from hub.admin.restore.fit import refuse_impossible, refuse_overlap
from hub.admin.restore.places import new_files_beside, other_places, refuse_without_room
from hub.admin.restore.plan import Restore, claims, steps_of
from hub.admin.restore.restore_steps import resume
from hub.admin.restore.todays_folders import put_todays_folders
from hub.admin.restore.unpack import settings_in, unpack
from hub.process.restore_guard import note_of
from hub.system.files import atomic_file
from hub.system.files.folder_owner import acting_for


def prepare(
    file: Path,
    config: Path,
    settings: Settings | None,
    agree: Callable[[dict[str, Path]], None] | None = None,
    *,
    here: bool = False,
) -> Restore:
    """Verify a backup, and unpack it beside what is there; nothing that is there is touched.

    Args:
        file: The backup.
        config: The settings file to be.
        settings: The present settings, where they can be read.
        agree: Called with the places that the backup's settings name and that are not today's,
            before anything is written there; it raises what ends the restore.
        here: Whether the folders of today's settings take the place of the backup's.

    Raises:
        BackupError: it cannot be restored.
        SettingsError: the settings in it are faulty.
    """
    if config.is_dir():
        hint = f"Name the settings file in it: --config {config / 'doorbell.toml'}"
        raise BackupError(f"{config}: a folder. {hint}")
    facts = verify(file)
    if facts["settings"] and config == sources.DEMO:
        hint = f"Say where they go: --config {places.INSTALLED}"
        raise BackupError(f"{file}: holds settings. {hint}")
    try:
        return _prepare(file, facts, config, settings, agree, here=here)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        hint = "Make room, or use sudo" if here else "Make room, use sudo, or add --here"
        raise BackupError(f"{file}: cannot be unpacked: {error}. {hint}") from error


def discard(plan: Restore) -> None:
    """Remove what was unpacked."""
    for stage in plan.stages.values():
        _remove(stage.parent)


def apply(plan: Restore) -> list[Path]:
    """Put it in place. A crash leaves a note, and `resume` goes on from it.

    Returns:
        The folders with what was there.

    Raises:
        BackupError: a file cannot be moved; the note stays.
    """
    # Planned anew: a process may have run meanwhile, and its files are set aside, too.
    plan.steps[:] = steps_of(plan)
    refuse_impossible(plan.steps)
    note = note_of(plan.config, plan.settings)
    rest = [stage.parent for stage in plan.stages.values()]
    steps = [step.as_json() for step in plan.steps]
    text = json.dumps({"steps": steps, "rest": [str(folder) for folder in rest]})
    for folder in rest:
        with acting_for(folder.parent):
            if folder.is_dir():
                atomic_file.fsync(folder)
    atomic_file.write(note, text.encode(), 0o600)
    resume(note)
    return sorted({aside for aside in plan.asides.values() if aside.is_dir()})


def _prepare(
    file: Path,
    facts: dict[str, Any],
    config: Path,
    present: Settings | None,
    agree: Callable[[dict[str, Path]], None] | None,
    *,
    here: bool,
) -> Restore:
    settings = present
    settings_file: bytes | None = None
    tables: Mapping[str, Any] = {}
    stamp = datetime.now().strftime("%Y-%m-%dT%H%M%S-%f")  # noqa: DTZ005 - a name, for people here
    with ExitStack() as undo:
        if facts["settings"]:
            folder = config.parent / f".restore-{stamp}"
            undo.callback(_remove, folder)
            with opened(file) as (tar, _), acting_for(config.parent):
                folder.mkdir(parents=True, mode=0o700)
                settings = settings_in(tar, facts, folder, config)
                draft = folder / facts["settings"]
                tables = toml_file.read(config, draft)
                if here:
                    put_todays_folders(draft, config)
                    settings = sources.load(config, draft)
                    settings_file = draft.read_bytes()
        if settings is None:
            raise BackupError(f"{file}: holds no settings. Write {config} first")
        refuse_mixed(config, settings)
        plan = Restore(config, settings, facts, stamp)
        _refuse_misfits(file, plan, tables)
        places = other_places(settings, present, config)
        places |= new_files_beside(facts, config, is_known=present is not None)
        if places and agree:
            agree(places)
        refuse_without_room(facts, plan.homes)
        undo.callback(discard, plan)
        _sweep(plan)
        unpack(file, facts, plan.stages, settings, settings_file)
        plan.steps.extend(steps_of(plan))
        refuse_impossible(plan.steps)
        undo.pop_all()
    return plan


def _refuse_misfits(file: Path, plan: Restore, tables: Mapping[str, Any]) -> None:
    """Its settings say what else a backup may hold, and where it goes."""
    try:
        refuse_unnamed(plan.facts, tables)
        refuse_overlap(claims(plan))
    except BackupError as error:
        raise BackupError(f"{file}: {error}") from error


def _remove(folder: Path) -> None:
    with acting_for(folder.parent):
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(plan: Restore) -> None:
    """Remove what an earlier restore unpacked before it was killed: it holds passwords."""
    for room, home in plan.homes.items():
        with acting_for(home):
            for left in home.glob(".restore-*"):
                if left == plan.stages[room].parent:
                    continue
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left)
                else:
                    left.unlink()  # a note that was not finished
