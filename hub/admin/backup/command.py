"""`doorbell backup` and `doorbell restore`."""

import os
import signal
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from config import Settings, SettingsError, sources
from hub.admin.backup.archive import BackupError, write_backup
from hub.admin.backup.restore import Restore, apply, discard, prepare
from hub.admin.backup.restore_steps import at_rest, resume
from hub.process.restore_guard import NOTE, note_of
from hub.terminal.options import ConfigOption, read_settings
from hub.terminal.words import count

MB = 1e6  # bytes
WORDS = {"settings": "settings and passwords", "handlers": "handlers of your own", "state": "state"}


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; else doorbell-HOST-TIME.tar.gz here.")
    ] = None,
    clips: Annotated[
        bool, typer.Option("--clips", help="With pictures and clips: that may be large.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Copy settings, handlers, passwords and state into one file, while everything runs."""
    _clean_up_whoever_asks()
    settings, path = read_settings(config)
    now = datetime.now().strftime("%Y-%m-%dT%H%M")  # noqa: DTZ005 - the name is for people here
    file = (file or Path(f"doorbell-{socket.gethostname()}-{now}.tar.gz")).absolute()
    try:
        contents = write_backup(file, path, settings, clips=clips)
    except BackupError as error:
        _fail(error)
    print(f"✓ {file}: {_size(file.stat().st_size)}")
    for room, words in WORDS.items():
        files = [
            m for m in contents.members if m["name"].startswith(f"{room}/") and m["kind"] == "file"
        ]
        print(f"  {words}: {count(len(files), 'file')}, {_size(contents.size(room))}")
    print(f"  pictures and clips: {'with them' if clips else 'not in it (--clips)'}")
    for words in contents.left_out:
        print(f"  not in it: {words}")
    print("It holds passwords: keep it where nobody else can read it.")


def restore(
    file: Annotated[
        Path | None, typer.Argument(help="What `doorbell backup` wrote; none: go on.")
    ] = None,
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Put a backup in place of what is here; what is here is kept in a folder beside it."""
    _clean_up_whoever_asks()
    path, settings = _present(config)
    note = note_of(path, settings) if settings else path.parent / NOTE
    present = [settings.state_dir] if settings else []
    try:
        with at_rest(*present):
            if note.exists():
                resume(note)
                print(
                    "✓ A restore that was cut off is finished: its backup is in place. For another one say it again"
                )
                return
        if file is None:
            raise BackupError("no restore was cut off. Name the backup: doorbell restore FILE")  # noqa: TRY301
        plan = prepare(file, path, settings)
        try:
            _tell(plan)
            if not yes and not typer.confirm("Replace it?"):
                raise typer.Exit(1)
            with at_rest(*present, plan.settings.state_dir):
                kept = apply(plan)
        finally:
            if not note_of(path, plan.settings).exists():
                discard(plan)
    except (BackupError, OSError) as error:
        _fail(error)
    print(f"✓ The backup of {plan.facts['time']} is in place")
    for folder in kept:
        print(f"  what was there: {folder}")
    print(
        "Start it: sudo doorbell install, which also gives mosquitto these passwords (or `doorbell run`)"
    )


def _clean_up_whoever_asks() -> None:
    """A closed terminal, or a shutdown, ends it as Ctrl-C does: what was unpacked holds passwords."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)


def _present(config: Path | None) -> tuple[Path, Settings | None]:
    """Where the settings are, or are to be; and what they say, if they can be read."""
    try:
        path = sources.find(config)
    except SettingsError:
        return (
            config or Path(os.environ["DOORBELL_CONFIG"])
        ).absolute(), None  # only who was named can be missing
    try:
        return path, sources.load(path)
    except SettingsError as error:
        return path, error.usable


def _tell(plan: Restore) -> None:
    facts = plan.facts
    print(f"Backup of {facts['host']}, {facts['time']}, doorbell {facts['doorbell']}: sound")
    print("Replaced:")
    for step in plan.steps:
        if Path(str(step["present"])).exists():
            print(
                f"  {step['present']}" + ("" if step["new"] else ": not in the backup, set aside")
            )
    print(f"What is there now is kept in a folder before-restore-{plan.stamp}.")


def _size(size: float) -> str:
    return f"{size / MB:.1f} MB" if size >= MB else f"{size / 1e3:.1f} kB"


def _fail(error: Exception) -> NoReturn:
    print(f"✗ {error}", file=sys.stderr)
    sys.exit(1)
