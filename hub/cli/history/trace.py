"""`doorbell events` and `doorbell trace`: what happened, and how each handler reacted."""

import json
import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from config import Settings
from hub.store.history import EVERY, EventQuery, History, JournaledEvent
from hub.terminal import picture
from hub.terminal.history import open_history, print_faults
from hub.terminal.options import ConfigOption, SinceOption, UntilOption, door_named, read_house
from hub.terminal.output import Console, complain, say, say_json
from hub.terminal.timeline.outcome_signs import BY_TYPE
from hub.terminal.timeline.trace_tree import TraceNode, render, trees_of
from hub.terminal.words import milliseconds
from hub.wire import topics
from hub.wire.event import Event, encode
from hub.wire.trace_context import trace_id

LAST = "last"
PIPE_WIDTH = 400  # columns: output into a file or another program is not cut off
ROOTS = (*topics.PRESSES, topics.DRILLED)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one event a line.")]


def list_events(  # noqa: PLR0917 - Typer calls it by names
    door: Annotated[str | None, typer.Option(help="Only events of this door.")] = None,
    kind: Annotated[
        str,
        typer.Option("--type", help="Only this type; `handler.*` is every type that begins so."),
    ] = EVERY,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest.")] = 30,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the events, the newest last: presses, and what each handler did."""
    settings = read_house(config)
    history = open_history(settings)
    wanted = EventQuery(kind, door_named(settings, door) if door else None, since, until)
    found = list(islice(history.events(wanted), limit))
    for entry in sorted(found, key=lambda entry: entry.event.time):
        if as_json:
            say_json(_facts(entry))
        else:
            say(_line(entry.event))
    print_faults(history)
    if not found:
        complain("no such events are kept")


def show_trace(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="An event's id, its beginning or end, a trace id, or `last`."
        ),
    ],
    as_json: JsonOption = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write it as a picture (SVG).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Show one press as a timeline, from the button to the last outcome."""
    settings = read_house(config)
    history = open_history(settings)
    traces = _last_trace(history) if name == LAST else history.traces(name)
    print_faults(history)
    if len(traces) != 1:
        fault = f"{name}: no such event is kept"
        if traces:
            fault = f"{name} fits {len(traces)} events: write more of it"
        complain(f"✗ {fault}. `doorbell events` lists them")
        sys.exit(1)
    entries = history.trace(traces.pop())
    if as_json:
        for entry in entries:
            say_json(_facts(entry))
        return
    trees = [render(root, _door_of(root, settings)) for root in trees_of(entries)]
    if svg:
        svg.write_text(picture.svg(Group(*trees), f"doorbell trace {name}"), encoding="utf-8")
        say(f"✓ {svg}")
        return
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    console.print(Group(*trees))


def _door_of(root: TraceNode, settings: Settings) -> str:
    return settings.door_name(root.journaled.event.subject) if root.journaled else ""


def _last_trace(history: History) -> set[str]:
    """The trace of the last press or drill; empty where there is none."""
    for entry in history.events(EventQuery("doorbell.*")):
        if entry.event.type in ROOTS:
            return {trace_id(entry.event.traceparent)}
    return set()


def _facts(entry: JournaledEvent) -> dict[str, Any]:
    """The event as it was published, with the times that its journal knows."""
    facts: dict[str, Any] = json.loads(encode(entry.event))
    for key, value in asdict(entry).items():
        if key != "event" and value is not None:
            facts[key] = round(value, 6)
    return facts


def _line(event: Event) -> str:
    milli = event.time.microsecond // 1000
    when = f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}.{milli:03}"
    name = topics.name_of(event.source)
    what = _outcome(event) if event.type in BY_TYPE else event.type
    return f"{when}  {event.id[-8:]}  {event.subject:<8}  {name:<8}  {what}"


def _outcome(event: Event) -> str:
    """What a handler did: `✓ done doorbell.pressed in 12.5 ms: a note`."""
    data = event.data
    outcome = event.type.partition(".")[2]
    words = f"{BY_TYPE[event.type].sign} {outcome} {data.get('type')}"
    if "took_ms" in data:
        words += f" in {milliseconds(data['took_ms'])}"
    reason = data.get("note") or data.get("reason")
    return f"{words}: {reason}" if reason else words
