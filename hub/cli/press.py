"""`doorbell press`: press the button of a door from the command line."""

import sys
from typing import Annotated

import typer

from hub.mqtt.own_broker.address import with_running_broker
from hub.remote.confirmed import UnconfirmedError
from hub.remote.press import press_and_wait
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.terminal.output import complain, say


def press(
    door: Annotated[str | None, typer.Argument(help="The door; without it, the first one.")] = None,
    config: ConfigOption = None,
) -> None:
    """Press the button of a door from here."""
    settings, _ = read_settings(config)
    settings = with_running_broker(settings)
    try:
        event = press_and_wait(settings, door_named(settings, door))
    except UnconfirmedError as error:
        complain(f"✗ {error}")
        sys.exit(1)
    say(f"{event.data.get('name', event.subject)} rang: {event.id}")
