"""`doorbell new`: a handler file to begin with, and its test."""

import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from hub.plugin.files.requirements import pip_install
from hub.plugin.template import write_handler
from hub.terminal.options import ConfigOption, read_settings
from hub.terminal.output import say


def new(
    name: Annotated[str, typer.Argument(help="The handler's name, which is also its file's.")],
    config: ConfigOption = None,
) -> None:
    """Write a handler file to begin with, and its test."""
    settings, _ = read_settings(config)
    files = write_handler(name, settings.handlers_dir)
    for file in files:
        say(f"✓ {file}")
    say(f"To run its test: {sys.executable} -m pytest {files[-1]}")
    if find_spec("pytest") is None:
        say(f"That needs pytest: {pip_install('pytest')}")
