"""`doorbell`: the command line."""

import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from config import SettingsError, sources
from config.faults import EX_CONFIG
from hub.admin.backup.command import backup, restore
from hub.admin.check import effective_settings
from hub.admin.check.house import check as check_house
from hub.admin.doctor.command import doctor
from hub.admin.install.command import install, uninstall
from hub.admin.install.handlers_command import handlers
from hub.admin.security import command
from hub.admin.setup.command import setup
from hub.cli import trace
from hub.cli.answer import answer
from hub.cli.dead_letters import dead
from hub.cli.drill import drill
from hub.cli.quiet import quiet
from hub.cli.replay import replay
from hub.cli.run import run
from hub.mqtt.embedded_address import with_embedded_broker
from hub.plugin.template import write_handler
from hub.remote.press import PressError, press_and_wait
from hub.store.inbox_file import InboxError
from hub.terminal.options import ConfigOption, door_named, read_settings

app = typer.Typer(
    help="A doorbell hub: one press, independent reactions, nothing lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.command()(run)
app.command()(setup)
app.command()(drill)
app.command()(quiet)
app.command()(answer)
app.command()(install)
app.command()(uninstall)
app.add_typer(command.app)


def main() -> None:
    """Run the command; faults in settings are told, not thrown."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `doorbell events | head` ends quietly
    try:
        app()
    except SettingsError as error:
        for fault in error.faults:
            print(f"✗ {fault}", file=sys.stderr)
        sys.exit(EX_CONFIG)
    except InboxError as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)


trace.add_to(app)
app.command()(replay)
app.command()(backup)
app.command()(restore)
app.add_typer(dead, name="dead")
app.add_typer(doctor, name="doctor")
app.add_typer(handlers, name="handlers")


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=lambda wanted: _print_version() if wanted else None, is_eager=True
        ),
    ] = False,
) -> None:
    """A doorbell hub: one press, independent reactions, nothing lost."""


@app.command()
def press(
    door: Annotated[str | None, typer.Argument(help="Which door; else the first one.")] = None,
    config: ConfigOption = None,
) -> None:
    """Press the button of a door from here."""
    settings, _ = read_settings(config)
    settings = with_embedded_broker(settings)
    try:
        event = press_and_wait(settings, door_named(settings, door))
    except PressError as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)
    print(f"{event.data.get('name', event.subject)} rang: {event.id}")


@app.command()
def check(config: ConfigOption = None) -> None:
    """Check all settings and handler files, and tell every fault at once."""
    path = sources.find(config)
    faults: list[str] = []
    try:
        settings = sources.load(path)
    except SettingsError as error:
        if error.usable is None:
            raise
        faults, settings = [*error.faults], error.usable
    report = check_house(settings, path)
    for line in report.good:
        print(f"✓ {line}")
    faults += report.faults
    for fault in faults:
        print(f"✗ {fault}", file=sys.stderr)
    if faults:
        sys.exit(EX_CONFIG)
    print(f"✓ {path}: {len(settings.doors)} door{'s' * (len(settings.doors) > 1)}")


@app.command("config")
def show_config(config: ConfigOption = None) -> None:
    """Print the settings in force, secrets masked."""
    settings, path = read_settings(config)
    print(f"# {path}")
    print(effective_settings.settings_in_force(settings))


@app.command()
def new(name: str, config: ConfigOption = None) -> None:
    """Write a handler file to begin with, and its test."""
    settings, _ = read_settings(config)
    for file in write_handler(name, settings.handlers_dir):
        print(f"✓ {file}")


def _print_version() -> None:
    print(f"doorbell {version('doorbell-hub')}")
    raise typer.Exit


if __name__ == "__main__":
    main()
