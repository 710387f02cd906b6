"""`doorbell handlers`: the handlers and their states; `sync` makes systemd run them."""

import os
import sys

import typer

from config import Settings, SettingsError
from config.reading import sources
from hub.admin.install import units
from hub.admin.install.handlers import instances
from hub.admin.install.orders import OrderError
from hub.plugin import loader
from hub.remote import statuses
from hub.terminal.options import ConfigOption, read_settings
from hub.terminal.output import complain, say

handlers = typer.Typer(help="List the handlers and their states.")


@handlers.callback(invoke_without_command=True)
def show(context: typer.Context, config: ConfigOption = None) -> None:
    """List the handlers and their states."""
    if context.invoked_subcommand:
        return
    settings, _ = read_settings(config)
    states = units.handlers() if units.is_booted() else {}
    if not states:  # then `doorbell run` may have started them
        states = _said(settings)
    rows = []
    for name, path in sorted(loader.find(settings).items()):
        origin = "comes with doorbell" if loader.is_shipped(path) else str(path)
        state = states.get(name, "unknown: neither systemd nor a broker has it")
        if loader.is_off(path, settings):
            state = "switched off"
        rows.append((name, origin, state))
    name_width = max(len(name) for name, _, _ in rows)
    origin_width = max(len(origin) for _, origin, _ in rows)
    for name, origin, state in rows:  # a state may be long, so it is last
        say(f"{name:{name_width}}  {origin:{origin_width}}  {state}")


def _said(settings: Settings) -> dict[str, str]:
    """What each handler says of itself, by its name."""
    try:
        said = statuses.handlers(settings)
    except ConnectionError as error:
        complain(f"✗ {error}")
        return {}
    return {name: status.line for name, status in said.items()}


@handlers.command()
def sync(config: ConfigOption = None) -> None:
    """Start, restart and stop handlers after changes of their files; systemd calls this."""
    try:
        instances.sync(sources.find(config), say)
    except SettingsError as error:
        for fault in error.faults:
            complain(f"✗ {fault} Until it is mended, everything runs on unchanged")
        sys.exit(os.EX_CONFIG)
    except (OrderError, OSError) as error:
        complain(f"✗ {error}")
        sys.exit(1)
