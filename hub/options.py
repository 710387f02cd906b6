"""What the commands of `doorbell` have in common: the settings they work with, and how a door is named."""

from pathlib import Path
from typing import Annotated

import typer

from config import Settings, SettingsError, sources

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The settings file. Else doorbell.toml here, in ~/.config or /etc."),
]


def read_settings(config: Path | None) -> tuple[Settings, Path]:
    """The settings and the file that they come from.

    Raises:
        SettingsError: with every fault found.
    """
    path = sources.find(config)
    return sources.load(path), path


def door_named(settings: Settings, door: str | None) -> str:
    """The door of this name; the first one when none is named.

    Raises:
        SettingsError: there is no such door.
    """
    if door is None:
        return next(iter(settings.doors))
    if door not in settings.doors:
        raise SettingsError([f"{door}: no such door. There are: {', '.join(settings.doors)}"])
    return door
