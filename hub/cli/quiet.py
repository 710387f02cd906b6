"""`doorbell quiet`: have the house quiet, or not, or ask how it is."""

import re
import sys
from typing import Annotated, Literal

import typer

from hub.mqtt.embedded_address import with_embedded_broker
from hub.remote.press import PressError
from hub.remote.quiet import ask
from hub.terminal.options import UNITS, ConfigOption, read_settings

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def quiet(
    wish: Annotated[
        Literal["on", "off", "auto"] | None,
        typer.Argument(
            help="on: quiet; off: none, whatever the hour; auto: as [quiet] says. Without: how it is."
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="TIME", help="For so long, like 2h (s, m, h, d); else until changed."
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Have the house quiet, or not: nothing makes a noise, everything else goes on."""
    for_s = _seconds(duration) if duration else None
    if for_s and wish in (None, "auto"):
        raise typer.BadParameter("--for goes with on or off")
    settings = with_embedded_broker(read_settings(config)[0])
    try:
        print(ask(settings, wish, for_s).words)
    except PressError as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)


def _seconds(text: str) -> float:
    found = re.fullmatch(rf"(\d{{1,6}})([{''.join(UNITS)}])", text)
    if not found:
        raise typer.BadParameter(f"{text}: no time. Write 90s, 30m, 2h or 1d")
    return int(found[1]) * SECONDS[found[2]]
