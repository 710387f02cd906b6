"""`doorbell replay`: a handler reacts to old events again."""

import sys
from collections import Counter
from datetime import datetime
from typing import Annotated

import typer

from config import SettingsError
from hub.cli.dead_letters import AnyAgeOption
from hub.plugin import loader
from hub.plugin.decorator import reaction_to
from hub.plugin.loader import HandlerFile
from hub.remote.wake import wake
from hub.store.history import EVERY, EventQuery, Past
from hub.store.inbox_file import DEAD, IN_HAND, NEW, InboxFile
from hub.terminal.options import ConfigOption, moment, read_settings
from hub.terminal.words import count
from hub.wire import topics
from hub.wire.event import Event


def replay(  # noqa: PLR0917 - Typer calls it by names
    handler: Annotated[str, typer.Argument(help="Whose inbox the events are put into.")],
    since: Annotated[
        datetime,
        typer.Option(parser=moment, metavar="TIME", help="From then on: 2h, 7d, 2026-11-01."),
    ],
    kind: Annotated[str | None, typer.Option("--type", help="Events of this type only.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    any_age: AnyAgeOption = False,
    config: ConfigOption = None,
) -> None:
    """Have a handler react to old events again, also to those that it has reacted to already."""
    settings, _ = read_settings(config)
    file = loader.load(loader.locate(handler, settings), settings)
    if kind is not None and reaction_to(kind, file.reactions) is None:
        raise SettingsError(
            [f"{kind}: {handler} does not react to it. It reacts to: {', '.join(file.reactions)}"]
        )
    inbox, past = InboxFile(settings.state_dir / f"{handler}.db"), Past(settings.state_dir)
    found = [
        told.event
        for told in past.events(EventQuery(kind or EVERY, since=since))
        if _is_for(file, told.event)
    ]
    fates: Counter[str] = Counter()
    put: list[Event] = []
    for event in sorted(found, key=lambda event: event.time):
        fate = inbox.fate(event) if dry_run else inbox.put(event, any_age=any_age)
        fates[fate] += 1
        put += [event] if fate == NEW else []
    for line in (
        *_told(handler, put, fates, dry_run=dry_run),
        *([] if any_age else _stale(file, put)),
    ):
        print(line)
    for fault in past.faults:
        print(f"✗ {fault}", file=sys.stderr)
    if put and not dry_run:
        wake(settings, [handler])


def _is_for(file: HandlerFile, event: Event) -> bool:
    """Whether the handler would react to it at all."""
    reaction = reaction_to(event.type, file.reactions)
    own = event.source == topics.source("handler", file.name) and not event.type.startswith(
        topics.OUTCOME_TYPES
    )
    if reaction is None or (reaction.is_observer and own):
        return False
    return file.config.doors is None or event.subject in file.config.doors


def _told(handler: str, put: list[Event], fates: Counter[str], *, dry_run: bool) -> list[str]:
    kinds = ", ".join(
        f"{number} {kind}" for kind, number in sorted(Counter(event.type for event in put).items())
    )
    verb = "would be put into its inbox" if dry_run else "put into its inbox"
    lines = [f"{handler}: {count(len(put), 'event')} {verb}{f': {kinds}' if kinds else ''}"]
    if fates[IN_HAND]:
        lines.append(f"not put there: {fates[IN_HAND]} in its hands already")
    if fates[DEAD]:
        lines.append(
            f"not put there: {count(fates[DEAD], 'dead letter')}; `doorbell dead again` is for them"
        )
    return lines


def _stale(file: HandlerFile, put: list[Event]) -> list[str]:
    """What the handler's own rule will make of it."""
    limits = {event.type: file.config.max_age_s or _reaction_limit(file, event) for event in put}
    old = [event for event in put if (limit_s := limits[event.type]) and event.age_s() > limit_s]
    return (
        [f"{count(len(old), 'event')} too old by its max_age_s: skipped, unless you say --any-age"]
        if old
        else []
    )


def _reaction_limit(file: HandlerFile, event: Event) -> float | None:
    reaction = reaction_to(event.type, file.reactions)
    return reaction.max_age_s if reaction else None
