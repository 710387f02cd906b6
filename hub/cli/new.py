"""`doorbell new`: a handler file to begin with, and its test."""

from typing import Annotated

import typer

from hub.plugin.template import write_handler
from hub.terminal.options import ConfigOption, read_settings
from hub.terminal.output import say


def new(
    name: Annotated[str, typer.Argument(help="The handler's name, which is also its file's.")],
    config: ConfigOption = None,
) -> None:
    """Write a handler file to begin with, and its test."""
    settings, _ = read_settings(config)
    for file in write_handler(name, settings.handlers_dir):
        say(f"✓ {file}")
