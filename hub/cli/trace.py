"""`doorbell events` and `doorbell trace`: what happened, and what became of it."""

import json
import sys
from dataclasses import asdict
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console

from config import Settings
from hub.store.history import EVERY, EventQuery, JournaledEvent, Past
from hub.terminal.options import ConfigOption, SinceOption, UntilOption, door_named, read_settings
from hub.terminal.trace_tree import SIGNS, chapters, milliseconds, render
from hub.wire import topics
from hub.wire.event import Event, encode
from hub.wire.trace_context import trace_id

LAST = "last"
PIPE_WIDTH = 400  # what goes into a file or another program is not cut off
ROOTS = ("doorbell.pressed", "doorbell.drilled")
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, a line for each event.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands part of `doorbell`."""
    app.command("events")(list_events)
    app.command("trace")(show_trace)


def list_events(  # noqa: PLR0917 - Typer calls it by names
    door: Annotated[str | None, typer.Option(help="Of this door only.")] = None,
    kind: Annotated[
        str, typer.Option("--type", help="Of this type only; `handler.*` is all that begin so.")
    ] = EVERY,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 30,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List what happened, the newest last: who rang, and what each reaction did."""
    settings, _ = read_settings(config)
    past = _past(settings)
    wanted = EventQuery(kind, door_named(settings, door) if door else None, since, until)
    found = list(islice(past.events(wanted), limit))
    for told in sorted(found, key=lambda told: told.event.time):
        print(_wire(told) if as_json else _line(told.event))
    _complain(past)
    if not found:
        print("nothing of that kind is kept", file=sys.stderr)


def show_trace(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="An event's id, its beginning or end, a trace id, or last."
        ),
    ],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show one press as a timeline: seen, journaled, published, received, each attempt, and what followed."""
    settings, _ = read_settings(config)
    past = _past(settings)
    traces = _last(past) if name == LAST else past.traces(name)
    _complain(past)
    if len(traces) != 1:
        told = (
            f"{len(traces)} events go by {name}: write more of it"
            if traces
            else f"{name}: no such event is kept"
        )
        print(f"✗ {told}. `doorbell events` lists them", file=sys.stderr)
        sys.exit(1)
    said = past.trace(traces.pop())
    if as_json:
        print("\n".join(map(_wire, said)))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    for root in chapters(said):
        door = settings.door_name(root.told.event.subject) if root.told else ""
        console.print(render(root, door))


def _past(settings: Settings) -> Past:
    if not any(settings.state_dir.glob("*.db")):
        print(
            f"✗ {settings.state_dir}: nothing has happened here. Is state_dir right? `doorbell config`",
            file=sys.stderr,
        )
        sys.exit(1)
    return Past(settings.state_dir)


def _last(past: Past) -> set[str]:
    """The trace of the last press, or drill."""
    said = (told.event for told in past.events(EventQuery("doorbell.*")))
    return {
        trace_id(event.traceparent) for event in islice((e for e in said if e.type in ROOTS), 1)
    }


def _complain(past: Past) -> None:
    for fault in dict.fromkeys(past.faults):
        print(f"✗ {fault}", file=sys.stderr)
    past.faults.clear()


def _wire(told: JournaledEvent) -> str:
    """The event as it was published, with what its journal knows."""
    wire = json.loads(encode(told.event))
    times = {
        key: round(value, 6)
        for key, value in asdict(told).items()
        if key != "event" and value is not None
    }
    return json.dumps(wire | times, ensure_ascii=False)


def _line(event: Event) -> str:
    when = f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}.{event.time.microsecond // 1000:03}"
    who = topics.name_of(event.source)
    what = event.type
    if event.type in SIGNS:
        sign, data = SIGNS[event.type][0], event.data
        took = f" in {milliseconds(data['took_ms'])}" if "took_ms" in data else ""
        said = data.get("note") or data.get("reason")
        what = f"{sign} {event.type.partition('.')[2]} {data.get('type')}{took}{f': {said}' if said else ''}"
    return f"{when}  {event.id[-8:]}  {event.subject:<8}  {who:<8}  {what}"
