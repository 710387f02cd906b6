"""Puts a backup in place of what is there: checked first, unpacked beside it, then renamed."""

import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from config import Settings, places, sources
from hub.admin.backup.manifest import BackupError
from hub.admin.backup.members import clips_folder, is_in_checkout, refuse_mixed
from hub.admin.backup.places import other_places, refuse_without_room
from hub.admin.backup.restore_steps import Step, resume
from hub.admin.backup.unpack import settings_in, unpack
from hub.admin.backup.verify import Bounded, verify
from hub.plugin import loader
from hub.process.restore_guard import FROM_RESTORES, NOTE, note_of
from hub.system import atomic_file
from hub.system.folder_owner import acting_for

KEPT = ("lost+found", NOTE)  # of the state folder


@dataclass(slots=True)
class Restore:
    """What is going to be done.

    Attributes:
        config: The settings file that will be in force.
        settings: What it says: the backup's own, or the present ones where the backup has none.
        facts: The backup's manifest.
        stamp: Names the folders `before-restore-STAMP` and `.restore-STAMP`.
        steps: The moves; each can be repeated after a crash.
    """

    config: Path
    settings: Settings
    facts: dict[str, Any]
    stamp: str
    steps: list[Step] = field(default_factory=list)

    @property
    def homes(self) -> dict[str, Path]:
        """Each room's folder. New files wait inside it, so that no rename crosses a file system."""
        return {
            "settings": self.config.parent,
            "handlers": self.settings.handlers_dir.parent,
            "state": self.settings.state_dir,
        }

    @property
    def stages(self) -> dict[str, Path]:
        """Where each room's new files wait."""
        name = f".restore-{self.stamp}"
        return {room: home / name / room for room, home in self.homes.items()}

    @property
    def asides(self) -> dict[str, Path]:
        """Where each room's present files go."""
        name = f"before-restore-{self.stamp}"
        return {room: home / name for room, home in self.homes.items()}


def prepare(
    file: Path,
    config: Path,
    settings: Settings | None,
    agree: Callable[[dict[str, Path]], None] | None = None,
) -> Restore:
    """Verify a backup, and unpack it beside what is there; nothing that is there is touched.

    Args:
        file: The backup.
        config: The settings file to be.
        settings: The present settings, where they can be read.
        agree: Called with the places that the backup's settings name and that are not today's,
            before anything is written there; it raises what ends the restore.

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
        return _prepare(file, facts, config, settings, agree)
    except (OSError, tarfile.TarError) as error:
        hint = "Make room, or use sudo"
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
    plan.steps[:] = _steps(plan)
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
) -> Restore:
    settings = present
    stamp = datetime.now().strftime("%Y-%m-%dT%H%M%S-%f")  # noqa: DTZ005 - a name, for people here
    with ExitStack() as undo:
        if facts["settings"]:
            folder = config.parent / f".restore-{stamp}"
            undo.callback(_remove, folder)
            with (
                Bounded(file) as stream,
                tarfile.open(fileobj=stream, mode="r:") as tar,
                acting_for(config.parent),
            ):
                folder.mkdir(parents=True, mode=0o700)
                settings = settings_in(tar, facts["settings"], folder, config)
        if settings is None:
            raise BackupError(f"{file}: holds no settings. Write {config} first")
        refuse_mixed(config, settings)
        plan = Restore(config, settings, facts, stamp)
        places = other_places(settings, present, config)
        if places and agree:
            agree(places)
        refuse_without_room(facts, plan.homes)
        undo.callback(discard, plan)
        _sweep(plan)
        unpack(file, facts, plan.stages, settings)
        plan.steps.extend(_steps(plan))
        undo.pop_all()
    return plan


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


def _steps(plan: Restore) -> Iterator[Step]:
    """Passwords, handlers, state, and the settings file as the last."""
    stages = plan.stages
    settings_stage = stages["settings"]
    if (settings_stage / "broker").is_dir():
        home = plan.config.parent
        yield _step(plan, "settings", home / "broker", settings_stage / "broker")
    if stages["handlers"].is_dir():
        yield from _handler_steps(plan)
    yield from _state_steps(plan)
    own = plan.facts["settings"]
    for path in sorted(settings_stage.rglob("*")):
        part = path.relative_to(settings_stage)
        if path.is_file() and part.parts[0] != "broker" and f"settings/{part}" != own:
            yield _step(plan, "settings", plan.config.parent / part, path)
    if own:
        yield _step(plan, "settings", plan.config, settings_stage.parent / own)


def _handler_steps(plan: Restore) -> Iterator[Step]:
    """The folder as a whole; in a checkout one by one, because what comes with doorbell stays."""
    folder = plan.settings.handlers_dir
    stage = plan.stages["handlers"]
    if not is_in_checkout(folder):
        yield _step(plan, "handlers", folder, stage)
        return
    new = {path.name for path in stage.iterdir()}
    present = {path.name for path in folder.iterdir()}
    ours = {f"{name}.py" for name in loader.SHIPPED_NAMES} | {"__pycache__"}
    for name in sorted((new | present) - ours):
        yield _step(plan, "handlers", folder / name, stage / name if name in new else None)


def _state_steps(plan: Restore) -> Iterator[Step]:
    """What the backup does not have is set aside; locks, clips and earlier restores stay."""
    folder = plan.settings.state_dir
    new = {path.name: path for path in plan.stages["state"].iterdir()}
    media = clips_folder(plan.settings)
    for path in sorted(folder.iterdir()):
        is_kept = path.name.endswith(".lock") or path.name.startswith(FROM_RESTORES)
        if is_kept or path.name in (*KEPT, *new) or media.is_relative_to(path):
            continue
        yield _step(plan, "state", path, None)
    for name, path in sorted(new.items()):
        yield _step(plan, "state", folder / name, path)


def _step(plan: Restore, room: str, present: Path, new: Path | None) -> Step:
    aside = plan.asides[room] / present.relative_to(plan.homes[room])
    return Step(present, aside, new)
