"""What a restore is going to do: its folders, and the moves in their order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from config import Settings
from hub.admin.backup.members.members import clips_folder, is_in_checkout
from hub.admin.backup.members.settings_files import BROKER
from hub.admin.restore.restore_steps import Step
from hub.plugin import loader
from hub.process.restore_guard import FROM_RESTORES, NOTE

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


def claims(plan: Restore) -> Iterator[Path]:
    """All that is replaced on its own."""
    yield from (plan.config, plan.settings.handlers_dir, plan.settings.state_dir)
    parts = {
        PurePosixPath(member["name"]).relative_to("settings")
        for member in plan.facts["members"]
        if member["name"].startswith("settings/") and member["name"] != plan.facts["settings"]
    }
    names = {part.parts[0] if part.parts[0] == BROKER else str(part) for part in parts}
    yield from (plan.config.parent / name for name in sorted(names))


def steps_of(plan: Restore) -> Iterator[Step]:
    """Passwords, handlers, state, and the settings file as the last."""
    stages = plan.stages
    settings_stage = stages["settings"]
    if (settings_stage / BROKER).is_dir():
        home = plan.config.parent
        yield _step(plan, "settings", home / BROKER, settings_stage / BROKER)
    if stages["handlers"].is_dir():
        yield from _handler_steps(plan)
    yield from _state_steps(plan)
    own = plan.facts["settings"]
    for path in sorted(settings_stage.rglob("*")):
        part = path.relative_to(settings_stage)
        if path.is_file() and part.parts[0] != BROKER and f"settings/{part}" != own:
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
