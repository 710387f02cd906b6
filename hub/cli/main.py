"""`doorbell`: registers the commands, each of which has a file of its own."""

import logging
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup
from typer.main import get_command

from config import SettingsError, fault_words
from hub.admin.backup.command import backup
from hub.admin.doctor.command import doctor
from hub.admin.install.command import install, uninstall
from hub.admin.install.handlers.command import handlers
from hub.admin.restore.command import restore
from hub.admin.security.command import secure
from hub.admin.setup.command import setup
from hub.cli.answer import answer
from hub.cli.check import check
from hub.cli.config import show_config
from hub.cli.drill import drill
from hub.cli.history.dead_letters import dead_letters
from hub.cli.history.replay import replay
from hub.cli.history.trace import list_events, show_trace
from hub.cli.history.visits import visits
from hub.cli.link import link
from hub.cli.new import new
from hub.cli.press import press
from hub.cli.quiet import quiet
from hub.cli.run import run
from hub.mqtt.connection import connection_log
from hub.store.inbox.inbox_file import InboxError
from hub.terminal import standard_streams
from hub.terminal.output import complain, say
from hub.terminal.system_errors import in_words

VALUES = {bool: "", int: "N", float: "SECONDS", Path: "FILE"}  # in the help of an option


class Commands(TyperGroup):
    """All commands. A value that cannot be is told in our words, and not in pydantic's."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was written."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                fault = error.__cause__.errors(include_input=False)[0]
                error.message = fault_words.words(fault, "")
            raise


app = typer.Typer(
    cls=Commands,
    help="A doorbell hub: one press, independent reactions, nothing lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(run)
app.command()(setup)
app.command()(check)
app.command("config")(show_config)
app.command()(press)
app.command()(answer)
app.command()(link)
app.command()(quiet)
app.command()(drill)
app.command()(visits)
app.command("events")(list_events)
app.command("trace")(show_trace)
app.add_typer(dead_letters, name="dead-letters")
app.command()(replay)
app.command()(new)
app.add_typer(handlers, name="handlers")
app.add_typer(doctor, name="doctor")
app.command()(secure)
app.command()(backup)
app.command()(restore)
app.command()(install)
app.command()(uninstall)


def main() -> None:
    """Run one command; faults that the user can mend are printed without a traceback."""
    standard_streams.prepare()
    said_by_commands = logging.getLogger(connection_log.__name__)
    said_by_commands.addHandler(logging.NullHandler())  # else it is on the terminal twice
    try:
        _run()
    except OSError as error:
        standard_streams.drop_unwritten()
        complain(f"✗ {in_words(error)}")
        sys.exit(1)


def _run() -> None:
    try:
        command_line()()
    except SettingsError as error:
        for fault in error.faults:
            complain(f"✗ {fault}")
        sys.exit(os.EX_CONFIG)
    except InboxError as error:
        complain(f"✗ {error}")
        sys.exit(1)


def command_line() -> Any:
    """All commands. Their help names values as people do: typer would write `<str>` or `<bool>`."""
    made = get_command(app)
    _name_values(made)
    return made


def _name_values(command: Any) -> None:
    for option in command.get_params(typer.Context(command)):  # with --help
        if option.param_type_name == "option" and option.metavar is None:
            option.metavar = VALUES.get(option.type_descriptor.annotation, "TEXT")
    for one in getattr(command, "commands", {}).values():
        _name_values(one)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"doorbell {version('doorbell-hub')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """A doorbell hub: one press, independent reactions, nothing lost."""


if __name__ == "__main__":
    main()
