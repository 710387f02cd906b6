"""Options that the commands of `doorbell` share: the settings file, a time, a door."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from config import Settings, SettingsError
from config.faults import suggest
from config.reading import sources
from hub.store.own_folders import own_folders

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The settings file; else doorbell.toml here, in ~/.config/doorbell or /etc/doorbell.",
    ),
]
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta | None:
    """A duration as people write it: `2h` (s, m, h, d, w); None if it is none."""
    found = re.fullmatch(rf"(\d{{1,6}})([{''.join(UNITS)}])", text)
    return timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None


def moment(text: str) -> datetime:
    """Read a time as people write it.

    Args:
        text: `2h` for two hours ago (s, m, h, d, w), `2026-11-01` or `2026-11-01T14:02`; local
            time unless it names a zone.

    Raises:
        typer.BadParameter: it is none of these.
    """
    try:
        if (ago := duration(text)) is not None:
            return datetime.now(UTC) - ago
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text}: not a time. Write 90s, 30m, 2h, 7d, 2026-11-01 or 2026-11-01T14:02"
        ) from None


SinceOption = Annotated[
    datetime | None,
    typer.Option(
        parser=moment, metavar="TIME", help="From this time on: 2h, 7d, 2026-11-01, or ISO 8601."
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(
        parser=moment, metavar="TIME", help="Up to this time: 2h, 7d, 2026-11-01, or ISO 8601."
    ),
]


def read_settings(config: Path | None) -> tuple[Settings, Path]:
    """Read the settings, and return them with the path of their file.

    Raises:
        SettingsError: all faults in them.
    """
    path = sources.find(config)
    return sources.load(path), path


def read_house(config: Path | None) -> Settings:
    """Read the settings for a command that looks into the state files of all processes.

    Raises:
        SettingsError: there are faults in them, or this user may not look into these files.
    """
    settings, _ = read_settings(config)
    for folder in own_folders(settings.house_dir).values():
        if not os.access(folder, os.R_OK | os.X_OK):
            raise SettingsError([f"{folder}: only its own process and root see it. Use sudo"])
    return settings


def door_named(settings: Settings, door: str | None) -> str:
    """The key of the door with this name; without a name the first door.

    Raises:
        SettingsError: there is no such door.
    """
    if door is None:
        return next(iter(settings.doors))
    if door not in settings.doors:
        raise SettingsError([f"{door}: no such door.{suggest(door, settings.doors)}"])
    return door
