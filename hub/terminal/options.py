"""What the commands of `doorbell` have in common: the settings they work with, and how a door is named."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from config import Settings, SettingsError, sources

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="The settings file. Else doorbell.toml here, in ~/.config or /etc."
    ),
]


UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> datetime:
    """A time as a person says it: `2h` ago (s, m, h, d, w), `2026-11-01`, `2026-11-01T14:02`.

    Without a zone it is the local one.

    Raises:
        typer.BadParameter: it is none of these.
    """
    if ago := re.fullmatch(r"(\d{1,6})([smhdw])", text):
        return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text}: no time. Write 90s, 30m, 2h, 7d, 2026-11-01 or 2026-11-01T14:02"
        ) from None


SinceOption = Annotated[
    datetime | None,
    typer.Option(
        parser=moment, metavar="TIME", help="From then on: 2h, 7d, 2026-11-01, or ISO 8601."
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(
        parser=moment, metavar="TIME", help="Up to then: 2h, 7d, 2026-11-01, or ISO 8601."
    ),
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
