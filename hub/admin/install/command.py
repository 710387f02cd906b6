"""`doorbell install` and `doorbell uninstall`: as a service of this machine, and off it."""

import os
import sys
from typing import Annotated

import typer

from hub.admin.install.install import InstallError
from hub.admin.install.install import install as install_on
from hub.admin.install.machine import Machine
from hub.admin.install.mosquitto import OrderError
from hub.admin.install.uninstall import uninstall as uninstall_from


def install(
    start: Annotated[bool, typer.Option(help="Start it, too.")] = True,
) -> None:
    """Set doorbell up as a service of this machine, or bring it up to date; install.sh calls it."""
    _only_root("install")
    try:
        install_on(Machine(), _say, start=start)
    except InstallError as error:
        print(f"✗ {error}\n  Then run it again: what is done already is kept.", file=sys.stderr)
        sys.exit(1)
    print("Now: sudo doorbell setup, which asks for your button, camera, sound and phone.")


def uninstall(
    data: Annotated[
        bool, typer.Option("--data", help="Settings, passwords, journals, pictures and clips, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take doorbell off this machine; settings and state stay, unless --data says otherwise."""
    _only_root("uninstall")
    machine = Machine()
    if data and not yes:
        typer.confirm(
            f"Everything in {machine.settings.parent} and {machine.state} will be gone. Go on?",
            abort=True,
        )
    try:
        uninstall_from(machine, _say, data=data)
    except (OrderError, OSError) as error:
        print(f"✗ {error}\n  Then run it again: it goes on from there.", file=sys.stderr)
        sys.exit(1)


def _say(line: str) -> None:
    print(f"✓ {line}", flush=True)


def _only_root(verb: str) -> None:
    if os.geteuid():
        print(f"✗ Only root can do that: sudo doorbell {verb}", file=sys.stderr)
        sys.exit(1)
