"""`doorbell install` and `doorbell uninstall`: as a service of this machine."""

import os
import sys
from functools import partial
from typing import Annotated

import typer

from hub.admin.install.install import InstallError
from hub.admin.install.install import install as install_on
from hub.admin.install.machine import Machine
from hub.admin.install.orders import OrderError
from hub.admin.install.uninstall import uninstall as uninstall_from
from hub.terminal.output import complain, say


def install(
    start: Annotated[bool, typer.Option(help="Start it as well.")] = True,
) -> None:
    """Install doorbell as a service of this machine, or update it; install.sh calls this."""
    _only_root("install")
    try:
        install_on(Machine(), _print, start=start)
    except InstallError as error:
        complain(f"✗ {error}", "  Then run it again: what is done already is kept.")
        sys.exit(1)
    say("Now run `sudo doorbell setup`: it asks for your button, camera, sound and phone.")


def uninstall(
    data: Annotated[
        bool,
        typer.Option(
            "--data", help="Also remove settings, passwords, journals, pictures and clips."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --data: do not ask.")] = False,
) -> None:
    """Uninstall doorbell; settings and state stay, unless --data is given."""
    _only_root("uninstall")
    agree = None if yes else partial(typer.confirm, abort=True)
    try:
        uninstall_from(Machine(), _print, data=data, agree=agree)
    except (OrderError, OSError) as error:
        complain(f"✗ {error}", "  Then run it again: it continues from there.")
        sys.exit(1)


def _print(line: str) -> None:
    say(f"✓ {line}")


def _only_root(verb: str) -> None:
    if os.geteuid():
        complain(f"✗ only root can do that: sudo doorbell {verb}")
        sys.exit(1)
