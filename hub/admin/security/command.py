"""`doorbell secure`: a password for each process, and the broker's ACL and certificate."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.admin.security import certificates
from hub.admin.security.credentials_folder import write
from hub.system.files.folder_owner import ROOT_ID, owner_of, user_name
from hub.terminal.options import ConfigOption, read_settings
from hub.terminal.output import complain, say


def secure(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Where to write; without it, `broker` beside the settings file."),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host",
            help="A name or address of the broker; makes its TLS certificate (repeatable).",
        ),
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(
            "--user",
            help="One more user: handler-NAME, hub-NAME, producer-NAME, or one that only listens.",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write passwords, ACL and certificate for your mosquitto; existing ones are kept."""
    settings, path = read_settings(config)
    folder = (folder or path.parent / "broker").absolute()
    _refuse_others_folder(folder)
    try:
        written = write(settings, folder, host or [], user or [])
    except certificates.CertificateError as error:
        complain(f"✗ {error}")
        sys.exit(1)
    for line in written.done:
        say(f"✓ {line}")
    for line in written.lost:
        say(f"! {line}")
    say("docs/security.md says what to do with them")


def _refuse_others_folder(folder: Path) -> None:
    """Root does not write where another user could put a link in place of a folder."""
    if os.geteuid() != ROOT_ID or not (owner := owner_of(folder)):
        return
    name = user_name(owner.uid)
    mine = f"sudo chown -hR {name} {folder}, then " if folder.exists() else ""
    complain(
        f"✗ {owner.path} belongs to {name}, who could lead root anywhere."
        f" Write: {mine}sudo -u {name} doorbell secure …"
    )
    sys.exit(1)
