"""`doorbell drill`: which handlers react to a marked test press, and how fast."""

import json
import os
import signal
import sys
from dataclasses import asdict
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config import SettingsError
from hub.mqtt.bus import Bus
from hub.mqtt.embedded_address import with_embedded_broker
from hub.remote.drill import Driller, DrillError, Trouble
from hub.remote.roll_call import Answer
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.wire.event import Event

SIGNS = {
    "done": ("✓", "green"),
    "skipped": ("·", "yellow"),
    "dead": ("✗", "red"),
    "missing": ("✗", "red"),
}
MS_IN_S = 1000


def drill(
    door: Annotated[str | None, typer.Argument(help="The door; without it, the first one.")] = None,
    *,
    kill: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Kill this handler first (repeatable)."),
    ] = None,
    slow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SECONDS", help="Stop this handler for so many seconds (repeatable)."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for all handlers.", min=1, max=240)
    ] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Send a marked test press through everything, and see which handlers react. No effects."""
    settings, _ = read_settings(config)
    settings = with_embedded_broker(settings)
    trouble = Trouble(kill or (), dict(map(_slowness, slow or ())))
    where = door_named(settings, door)
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)  # however it ends, stopped handlers go on
    bus = Bus(settings.broker, f"doorbell-cli-{os.getpid()}")
    driller = Driller(bus, settings)
    bus.start()
    try:
        event, answers = driller.drill(where, trouble, timeout)
    except DrillError as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        bus.stop()
    works = all(answer.works for answer in answers)
    if as_json:
        handlers = [asdict(answer) for answer in answers]
        facts = {"drill": event.id, "door": where, "works": works, "handlers": handlers}
        print(json.dumps(facts))
    else:
        _show(event, answers)
    sys.exit(0 if works else 1)


def _show(event: Event, answers: list[Answer]) -> None:
    console = Console(highlight=False)
    name = event.data.get("name", event.subject)
    console.print(f"{event.time.astimezone():%H:%M:%S}  drill  {name}", style="bold")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)  # the sign
    table.add_column(no_wrap=True)  # the handler
    table.add_column(no_wrap=True, justify="right")  # after
    table.add_column(no_wrap=True, justify="right")  # took
    table.add_column()
    for answer in answers:
        sign, style = SIGNS[answer.outcome]
        table.add_row(
            Text(sign, style),
            Text(answer.handler, style),
            _time("after ", answer.reached_ms),
            _time("took ", answer.took_ms),
            Text(answer.words, "" if answer.works else style),
        )
    console.print(table)
    broken = [answer.handler for answer in answers if not answer.works]
    if broken:
        console.print(
            f"✗ {len(broken)} of {len(answers)} do not work: {', '.join(broken)}", style="red"
        )
    else:
        console.print(f"✓ all {len(answers)} work", style="green")


def _time(word: str, ms: float | None) -> str:
    if ms is None:
        return ""
    return f"{word}{ms / MS_IN_S:.1f} s" if ms >= MS_IN_S else f"{word}{ms:.1f} ms"


def _slowness(text: str) -> tuple[str, float]:
    name, _, seconds = text.partition("=")
    try:
        wait_s = float(seconds)
    except ValueError:
        wait_s = -1.0
    if not name or not 0 < wait_s < float("inf"):
        raise SettingsError([f"--slow {text}: not NAME=SECONDS. Write it like --slow record=5"])
    return name, wait_s


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
