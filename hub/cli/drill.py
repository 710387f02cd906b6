"""`doorbell drill`: which handlers react to a marked test press, and how fast."""

import signal
import sys
from dataclasses import asdict
from types import FrameType
from typing import Annotated

import typer
from rich.table import Table

from config import SettingsError
from hub.mqtt.bus import Bus
from hub.mqtt.own_broker.address import with_running_broker
from hub.remote.drill.drill import DrillClient, DrillError
from hub.remote.drill.roll_call import DONE, REACHED, DrillResult
from hub.remote.drill.trouble import Trouble
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.terminal.output import Console, Text, complain, say_json
from hub.terminal.timeline.outcome_signs import BY_DRILL_RESULT
from hub.terminal.words import milliseconds
from hub.wire.event import Event


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
        float | None,
        typer.Option(
            help="Seconds to wait for all handlers; without it, timeout_s of [drill].",
            min=1,
            max=240,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Send a marked test press through everything, and see which handlers react. No effects."""
    settings, _ = read_settings(config)
    settings = with_running_broker(settings)
    trouble = Trouble(kill or (), dict(map(_slowness, slow or ())))
    where = door_named(settings, door)
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)  # however it ends, stopped handlers go on
    bus = Bus(settings.broker)
    client = DrillClient(bus, settings)
    bus.start()
    try:
        event, results = client.drill(where, trouble, timeout or settings.drill.timeout_s)
    except DrillError as error:
        complain(f"✗ {error}")
        sys.exit(1)
    finally:
        bus.stop()
    works = all(result.works for result in results)
    if as_json:
        handlers = [asdict(result) for result in results]
        facts = {"drill": event.id, "door": where, "works": works, "handlers": handlers}
        say_json(facts)
    else:
        _show(event, results)
    sys.exit(0 if works else 1)


def _show(event: Event, results: list[DrillResult]) -> None:
    console = Console()
    name = event.data.get("name", event.subject)
    console.print(f"{event.time.astimezone():%H:%M:%S}  drill  {name}", style="bold")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)  # the sign
    table.add_column(no_wrap=True)  # the handler
    table.add_column(no_wrap=True, justify="right")  # after
    table.add_column(no_wrap=True, justify="right")  # took
    table.add_column()
    for result in results:
        sign, style = BY_DRILL_RESULT[result.outcome]
        table.add_row(
            Text(sign, style),
            Text(result.handler, style),
            _time("after ", result.reached_ms),
            _time("took ", result.took_ms),
            Text(result.words, "" if result.outcome == DONE else style),
        )
    console.print(table)
    console.print(_summary(results))


def _summary(results: list[DrillResult]) -> Text:
    broken = [result.handler for result in results if not result.works]
    not_tried = [result.handler for result in results if result.outcome == REACHED]
    tried = len(results) - len(not_tried)
    rest = f"; not tried: {', '.join(not_tried)}" if not_tried else ""
    if broken:
        verb = "does" if len(broken) == 1 else "do"
        names = ", ".join(broken)
        return Text(f"✗ {len(broken)} of {tried} {verb} not work: {names}{rest}", "red")
    if not tried:
        return Text("· nothing was tried: no handler here reacts to a press", "yellow")
    if tried == 1:
        return Text(f"✓ 1 works{rest}", "green")
    every = "" if rest else "all "
    return Text(f"✓ {every}{tried} work{rest}", "green")


def _time(word: str, ms: float | None) -> str:
    return "" if ms is None else f"{word}{milliseconds(ms)}"


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
