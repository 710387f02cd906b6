"""`doorbell quiet`: switch the house to quiet or back, or ask for its state."""

import sys
from datetime import timedelta
from typing import Annotated, Literal

import typer

from hub.mqtt.own_broker.address import with_running_broker
from hub.remote.confirmed import UnconfirmedError
from hub.remote.quiet import ask
from hub.terminal.options import ConfigOption, duration, read_settings
from hub.terminal.output import complain, say
from hub.wire.command import LONGEST_QUIET_S

LONGEST = timedelta(seconds=LONGEST_QUIET_S)


def seconds(text: str) -> float:
    """Read a duration as people write it: `2h` (s, m, h, d, w).

    Raises:
        typer.BadParameter: it is none, or too long.
    """
    length = duration(text)
    if length is None:
        raise typer.BadParameter(f"{text}: not a duration. Write it like 90s, 30m, 2h or 1d")
    if not timedelta(0) < length <= LONGEST:
        raise typer.BadParameter(f"{text}: write a time of 1s to {LONGEST.days}d")
    return length.total_seconds()


def quiet(
    mode: Annotated[
        Literal["on", "off", "auto"] | None,
        typer.Argument(
            help="on: quiet; off: not quiet at any hour; auto: as the settings say. "
            "Without it, the state is shown."
        ),
    ] = None,
    for_s: Annotated[
        float | None,
        typer.Option(
            "--for",
            parser=seconds,
            metavar="TIME",
            help="For this long, like 2h (s, m, h, d, w); without it, until changed.",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make the house quiet, or end it: no sounds, and everything else goes on."""
    if for_s is not None and mode in (None, "auto"):
        raise typer.BadParameter("--for goes with on or off")
    settings = with_running_broker(read_settings(config)[0])
    try:
        say(ask(settings, mode, for_s).words)
    except UnconfirmedError as error:
        complain(f"✗ {error}")
        sys.exit(1)
