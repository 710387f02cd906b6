"""`doorbell quiet`: have the house quiet, or not, or ask how it is."""

import json
import os
import re
import sys
import threading
from typing import Annotated, Literal

import typer

from config import Settings
from hub import topics
from hub.bus import Bus, Message
from hub.event import uuid7
from hub.options import UNITS, ConfigOption, read_settings
from hub.press import AGAIN_S, PATIENCE_S, PressError
from hub.quiet import Quiet, QuietState, decode
from hub.supervisor import with_embedded_broker

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
WISHES = {"on": True, "off": False, "auto": None}


def quiet(
    wish: Annotated[
        Literal["on", "off", "auto"] | None,
        typer.Argument(help="on: quiet; off: none, whatever the hour; auto: as [quiet] says. Without: how it is."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="For so long, like 2h (s, m, h, d); else until changed.")
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


def ask(settings: Settings, wish: str | None, for_s: float | None) -> QuietState:
    """Wish it, and wait until the hub says so; without a wish only ask.

    Raises:
        PressError: there is no broker, or no hub.
    """
    bus = Bus(settings.broker, f"doorbell-cli-{os.getpid()}")
    listener = _Listener(settings, bus)
    bus.start()
    try:
        if not bus.connected.wait(PATIENCE_S):
            raise PressError(bus.absence)
        return listener.wish(wish, for_s) if wish else listener.look()
    finally:
        bus.stop()


class _Listener:
    """Waits for what the hub says of quiet."""

    def __init__(self, settings: Settings, bus: Bus) -> None:
        self._settings, self._bus = settings, bus
        self._state: QuietState | None = None
        self._said = threading.Event()
        self._wanted = ""
        bus.subscribe(topics.quiet(topics.source("hub", settings.hub)), self._receive)

    def wish(self, wish: str, for_s: float | None) -> QuietState:
        self._wanted = uuid7()
        text = json.dumps({"id": self._wanted, "quiet": WISHES[wish], "for_s": for_s}).encode()
        topic = topics.quiet_wish(topics.source("cli", str(os.getpid())), self._settings.hub)
        self._said.clear()
        for _ in range(int(PATIENCE_S / AGAIN_S)):
            self._bus.publish(topic, text, content_type="application/json")
            if self._said.wait(AGAIN_S) and self._state:
                return self._state
        raise PressError(f"the hub {self._settings.hub!r} does not answer. Is it running? `doorbell run` shows it")

    def look(self) -> QuietState:
        """What the broker has kept; else what the settings say."""
        self._said.wait(AGAIN_S)
        if self._state:
            return self._state
        alone = Quiet()
        alone.attach(self._settings, self._bus)
        return alone.state()

    def _receive(self, message: Message) -> None:
        message.ack()
        state = decode(message.payload)
        if state and (not self._wanted or state.wish == self._wanted):
            self._state = state
            self._said.set()


def _seconds(text: str) -> float:
    found = re.fullmatch(rf"(\d{{1,6}})([{''.join(UNITS)}])", text)
    if not found:
        raise typer.BadParameter(f"{text}: no time. Write 90s, 30m, 2h or 1d")
    return int(found[1]) * SECONDS[found[2]]
