"""`doorbell replay`: a handler reacts to old events again."""

from collections import Counter
from datetime import datetime
from typing import Annotated

import typer

from config import Settings, SettingsError
from hub.admin.check.apart import inspected
from hub.admin.check.handler_files import Inspection
from hub.cli.history.dead_letters import AnyAgeOption
from hub.plugin.policy import Policy
from hub.remote.wake import wake
from hub.store.history import EVERY, EventQuery, History
from hub.store.inbox.inbox_file import DEAD, IN_HAND, NEW, InboxFile
from hub.store.own_folders import handlers_file
from hub.terminal.options import ConfigOption, moment, read_house
from hub.terminal.output import complain, say
from hub.terminal.words import count
from hub.wire.event import Event


def replay(  # noqa: PLR0917 - Typer calls it by names
    handler: Annotated[str, typer.Argument(help="The handler that reacts again.")],
    since: Annotated[
        datetime,
        typer.Option(parser=moment, metavar="TIME", help="From this time on: 2h, 7d, 2026-11-01."),
    ],
    kind: Annotated[str | None, typer.Option("--type", help="Only events of this type.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be done.")
    ] = False,
    any_age: AnyAgeOption = False,
    config: ConfigOption = None,
) -> None:
    """Have a handler react to old events again, even if it has reacted to them before."""
    settings = read_house(config)
    query = EventQuery(kind or EVERY, since=since)

    def work(files: Inspection) -> None:
        file = files.named(handler)
        if kind is not None and file.policy.reaction_to(kind) is None:
            known = ", ".join(file.reactions)
            raise SettingsError([f"{kind}: {handler} does not react to it. It reacts to: {known}"])
        _replay(file.name, file.policy, settings, query, dry_run=dry_run, any_age=any_age)

    inspected(settings, work)


def _replay(
    handler: str,
    policy: Policy,
    settings: Settings,
    query: EventQuery,
    *,
    dry_run: bool,
    any_age: bool,
) -> None:
    inbox = InboxFile(handlers_file(settings.house_dir, handler))
    history = History(settings.house_dir)
    fates: Counter[str] = Counter()
    put: list[Event] = []
    for event in _wanted(policy, history, query):
        fate = inbox.fate(event) if dry_run else inbox.put(event, any_age=any_age)
        fates[fate] += 1
        if fate == NEW:
            put.append(event)
    _print_result(handler, put, fates, dry_run=dry_run)
    if not any_age:
        _warn_of_stale(policy, put)
    for fault in history.faults:
        complain(f"✗ {fault}")
    if put and not dry_run:
        wake(settings, [handler])


def _wanted(policy: Policy, history: History, query: EventQuery) -> list[Event]:
    """The events that the handler reacts to, the oldest first."""
    found = [entry.event for entry in history.events(query)]
    return sorted(
        (event for event in found if _is_for(policy, event)), key=lambda event: event.time
    )


def _is_for(policy: Policy, event: Event) -> bool:
    reaction = policy.reaction_to(event.type)
    return reaction is not None and policy.concerns(event, reaction)


def _print_result(handler: str, put: list[Event], fates: Counter[str], *, dry_run: bool) -> None:
    verb = "would be put into its inbox" if dry_run else "put into its inbox"
    line = f"{handler}: {count(len(put), 'event')} {verb}"
    kinds = sorted(Counter(event.type for event in put).items())
    if kinds:
        line += ": " + ", ".join(f"{number} {kind}" for kind, number in kinds)
    say(line)
    if fates[IN_HAND]:
        say(f"not put there: {fates[IN_HAND]} in its inbox already")
    if fates[DEAD]:
        letters = count(fates[DEAD], "dead letter")
        say(f"not put there: {letters}; `doorbell dead-letters retry` is for them")


def _warn_of_stale(policy: Policy, put: list[Event]) -> None:
    """The handler's own age limit will skip these events."""
    old = [event for event in put if policy.stale_limit_s(event) is not None]
    if old:
        words = "too old by its max_age_s: skipped, unless you add --any-age"
        say(f"{count(len(old), 'event')} {words}")
