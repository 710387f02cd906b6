"""`doorbell handlers`: which there are and how they are; `sync` has systemd run what the files say."""

import sys

import typer

from config import SettingsError, sources
from config.faults import EX_CONFIG
from hub.admin.install import instances, units
from hub.admin.install.mosquitto import OrderError
from hub.plugin import loader
from hub.terminal.options import ConfigOption, read_settings

handlers = typer.Typer(help="Which handlers there are, and how they are.")


@handlers.callback(invoke_without_command=True)
def show(context: typer.Context, config: ConfigOption = None) -> None:
    """Which handlers there are, and how they are."""
    if context.invoked_subcommand:
        return
    settings, _ = read_settings(config)
    states = units.handlers() if units.is_booted() else {}
    for name, path in sorted(loader.find(settings).items()):
        whose = "comes with doorbell" if path.parent == loader.SHIPPED else str(path)
        how = (
            "switched off"
            if loader.is_off(path, settings)
            else states.get(name, "not started by systemd")
        )
        print(f"{name:16} {how:48} {whose}")


@handlers.command()
def sync(config: ConfigOption = None) -> None:
    """Start, restart and stop handlers as their files came, changed and went. systemd calls it whenever one does."""
    try:
        instances.sync(sources.find(config), print)
    except SettingsError as error:
        for fault in error.faults:
            print(f"✗ {fault} Until it is mended everything runs on as it is", file=sys.stderr)
        sys.exit(EX_CONFIG)
    except (OrderError, OSError) as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)
