"""`doorbell backup`."""

import socket
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.admin.backup.archive import write_backup
from hub.admin.backup.ending import clean_up_when_ended, fail
from hub.admin.backup.manifest import BackupError
from hub.terminal.options import ConfigOption, read_settings
from hub.terminal.output import say
from hub.terminal.words import count

MB = 1e6  # bytes
KB = 1e3
ROOMS = {"settings": "settings and passwords", "handlers": "your own handlers", "state": "state"}


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(help="Where to write; without it, doorbell-HOST-TIME.tar.gz here."),
    ] = None,
    clips: Annotated[
        bool, typer.Option("--clips", help="With pictures and clips, which may be large.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Copy settings, handlers, passwords and state into one file, while everything runs."""
    clean_up_when_ended()
    settings, path = read_settings(config)
    now = datetime.now().strftime("%Y-%m-%dT%H%M")  # noqa: DTZ005 - the name is for people here
    file = (file or Path(f"doorbell-{socket.gethostname()}-{now}.tar.gz")).absolute()
    try:
        contents = write_backup(file, path, settings, clips=clips)
    except BackupError as error:
        fail(error)
    say(f"✓ {file}: {_size(file.stat().st_size)}")
    for room, words in ROOMS.items():
        files = contents.files(room)
        size = sum(member["size"] for member in files)
        say(f"  {words}: {count(len(files), 'file')}, {_size(size)}")
    say(f"  pictures and clips: {'in it' if clips else 'not in it (--clips)'}")
    for words in contents.left_out:
        say(f"  not in it: {words}")
    say("It holds passwords: keep it where only you can read it.")


def _size(size: float) -> str:
    return f"{size / MB:.1f} MB" if size >= MB else f"{size / KB:.1f} kB"
