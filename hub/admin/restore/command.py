"""`doorbell restore`."""

import os
import shlex
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from config import Settings, SettingsError
from config.reading import sources
from hub.admin.backup.ending import clean_up_when_ended, fail
from hub.admin.backup.manifest import BackupError
from hub.admin.install.moves.state_folders import together
from hub.admin.restore.plan import Restore
from hub.admin.restore.restore import apply, discard, prepare
from hub.admin.restore.restore_steps import Step, at_rest, resume
from hub.process.restore_guard import NOTE, note_of
from hub.store.own_folders import HANDLERS, HUB, WEB, own_folders
from hub.terminal.options import ConfigOption
from hub.terminal.output import say

PARTS = (HUB, WEB, HANDLERS)
HERE = (
    "To keep today's folders of state, handlers, passwords and clips, add --here: the restored"
    " settings get them, too"
)
BESIDE_DATABASES = ("-wal", "-shm")  # parts of them, as SQLite keeps them


def restore(
    file: Annotated[
        Path | None,
        typer.Argument(help="The backup; without it, finish a restore that was cut off."),
    ] = None,
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    place: Annotated[
        list[Path] | None,
        typer.Option(help="A place where the backup may write although it is not today's."),
    ] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Keep today's folders, and put them into the settings.")
    ] = False,
) -> None:
    """Replace settings and state by those of a backup; the present ones are kept beside them."""
    clean_up_when_ended()
    path, settings = _present(config)
    note = note_of(path, settings) if settings else path.parent / NOTE
    present = [settings.state_dir] if settings else []
    try:
        with at_rest(*present):
            if note.exists():
                with together(present[0] if present else path, note):
                    resume(note)
                say("✓ The restore that was cut off is finished: its backup is in place")
                say("  To restore another one, run the command again")
                return
        if file is None:
            fail("no restore was cut off. Name the backup: doorbell restore FILE")
        agree = partial(_agree, yes=yes, named=place or [], here=here)
        plan = prepare(file, path, settings, agree, here=here)
        try:
            _show(plan)
            if not yes and not typer.confirm("Replace it?"):
                raise typer.Exit(1)
            house = plan.settings.state_dir
            with at_rest(*present, house), together(house, note_of(path, plan.settings)):
                kept = apply(plan)
        finally:
            if not note_of(path, plan.settings).exists():
                discard(plan)
    except (BackupError, OSError) as error:
        fail(error)
    say(f"✓ The backup of {plan.facts['time']} is in place")
    for folder in kept:
        say(f"  what was there: {folder}")
    say("Start it: sudo doorbell install (or `doorbell run`)")
    say("`doorbell install` also gives mosquitto the passwords of the backup")


def _present(config: Path | None) -> tuple[Path, Settings | None]:
    """The place of the settings file, and what it says, if it can be read."""
    try:
        path = sources.find(config)
    except SettingsError:
        named = config or os.environ.get("DOORBELL_CONFIG")
        if not named:
            raise
        return Path(named).absolute(), None  # it is missing
    try:
        return path, sources.load(path)
    except SettingsError as error:
        return path, error.usable


def _agree(places: dict[str, Path], *, yes: bool, named: list[Path], here: bool) -> None:
    """A backup may not choose by itself where root writes."""
    others = {name: place for name, place in places.items() if place not in named}
    if not others:
        return
    say("The settings in the backup name other places than today's:")
    for name, path in others.items():
        say(f"  {name}: {path}")
    if yes:
        options = " ".join(f"--place {shlex.quote(str(path))}" for path in {*others.values()})
        hint = f"Look at these places; if they are right, add {options}"
        fail(f"nothing is changed. {hint}{'' if here else f'. {HERE}'}")
    if not typer.confirm("Write there?"):
        say("Nothing is changed." if here else f"Nothing is changed. {HERE}")
        raise typer.Exit(1)


def _show(plan: Restore) -> None:
    facts = plan.facts
    say(f"Backup of {facts['host']}, {facts['time']}, doorbell {facts['doorbell']}: sound")
    say("Replaced:")
    for step in sorted(plan.steps, key=partial(_place_in_list, plan)):
        is_own = step.present.name in PARTS and step.present.parent == plan.settings.state_dir
        if is_own or step.present.name.endswith(BESIDE_DATABASES):
            continue  # what lies in it is told by its own name
        owns = [one / step.present.name for one in own_folders(plan.settings.state_dir).values()]
        if step.present.exists() or any(own.exists() for own in owns):
            say(f"  {step.present}{'' if step.new else ': not in the backup, set aside'}")
    say(f"What is there now is kept in a folder before-restore-{plan.stamp}.")


def _place_in_list(plan: Restore, step: Step) -> tuple[bool, bool, bool, Path]:
    """Settings, handlers and passwords come first, then databases, then what is only set aside."""
    is_state = step.present.is_relative_to(plan.settings.state_dir)
    return step.new is None, is_state, step.present.suffix != ".db", step.present
