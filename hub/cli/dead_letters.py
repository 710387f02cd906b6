"""`doorbell dead`: look at what handlers gave up, send it again, or be done with it."""

import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from config import Settings, SettingsError
from hub.plugin import loader
from hub.plugin.decorator import reaction_to
from hub.remote.wake import wake
from hub.store.inbox_file import DeadLetter, InboxError, InboxFile
from hub.terminal.options import ConfigOption, read_settings
from hub.terminal.words import count
from hub.wire.event import encode

dead = typer.Typer(
    help="What handlers gave up: list it, show it, send it again, drop it.", no_args_is_help=True
)
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The event's id, its beginning or its end.")
]
HandlerOption = Annotated[str | None, typer.Option("--handler", help="Of this handler only.")]
AnyAgeOption = Annotated[
    bool, typer.Option("--any-age", help="Also what is too old by the handler's max_age_s.")
]


@dead.command("list")
def list_dead(handler: HandlerOption = None, config: ConfigOption = None) -> None:
    """List the dead letters, the oldest event first."""
    settings, _ = read_settings(config)
    letters = _letters(settings, handler)
    for letter in letters:
        event = letter.event
        print(
            f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}  {event.id[-8:]}  {event.subject:<8}  {letter.handler:<8}  "
            f"{event.type}  after {count(letter.attempts, 'attempt')}: {' '.join(letter.reason.split())}"
        )
    if not letters:
        print("no dead letters", file=sys.stderr)


@dead.command("show")
def show_dead(name: IdArgument, handler: HandlerOption = None, config: ConfigOption = None) -> None:
    """Show a dead letter: the reason, and the event as it came."""
    settings, _ = read_settings(config)
    for letter in _named(_letters(settings, handler), name):
        print(
            f"{letter.handler} gave it up after {count(letter.attempts, 'attempt')}: {letter.reason}"
        )
        print(json.dumps(json.loads(encode(letter.event)), indent=2, ensure_ascii=False))


@dead.command("again")
def send_again(
    name: Annotated[
        str | None, typer.Argument(metavar="ID", help="The event's id, its beginning or its end.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    any_age: AnyAgeOption = False,
    handler: HandlerOption = None,
    config: ConfigOption = None,
) -> None:
    """Send dead letters again: they are tried as if they had just come."""
    if (name is None) != every:
        raise typer.BadParameter("name one by its ID, or take --all")
    settings, _ = read_settings(config)
    letters = _letters(settings, handler)
    letters = letters if name is None else _named(letters, name)
    sent = [
        letter
        for letter in letters
        if _file(settings, letter.handler).send_again(letter, any_age=any_age)
    ]
    for letter in sent:
        stale = "" if any_age else _stale(settings, letter)
        print(
            f"{letter.handler}: {letter.event.type} of {letter.event.subject} is tried again{stale}"
        )
    wake(settings, {letter.handler for letter in sent})


@dead.command("drop")
def drop_dead(name: IdArgument, handler: HandlerOption = None, config: ConfigOption = None) -> None:
    """Be done with a dead letter."""
    settings, _ = read_settings(config)
    for letter in _named(_letters(settings, handler), name):
        _file(settings, letter.handler).drop(letter)
        print(f"{letter.handler}: {letter.event.type} of {letter.event.subject} is dropped")


def _letters(settings: Settings, handler: str | None) -> list[DeadLetter]:
    """Of one handler, or of all that have ever run; a file that cannot be read is told, and hides no other."""
    if handler is not None:
        return _file(settings, handler).dead()
    letters: list[DeadLetter] = []
    for path in sorted(settings.state_dir.glob("*.db")):
        try:
            letters += InboxFile(path).dead()
        except InboxError as error:
            print(f"✗ {error}", file=sys.stderr)
    return sorted(letters, key=lambda letter: letter.event.time)


def _file(settings: Settings, handler: str) -> InboxFile:
    path = settings.state_dir / f"{handler}.db"
    if not path.is_file():
        loader.locate(
            handler, settings
        )  # where there is no such handler at all, it says which there are
    return InboxFile(path)


def _named(letters: Iterable[DeadLetter], name: str) -> list[DeadLetter]:
    """The letters of the one event of this name."""
    found = [
        one
        for one in letters
        if one.event.id.startswith(name.lower()) or one.event.id.endswith(name.lower())
    ]
    if len({letter.event.id for letter in found}) != 1:
        told = (
            f"{name} fits more than one: write more of it"
            if found
            else f"{name}: no such dead letter"
        )
        raise InboxError(f"{told}. `doorbell dead list` lists them")
    return found


def _stale(settings: Settings, letter: DeadLetter) -> str:
    try:
        file = loader.load(loader.locate(letter.handler, settings), settings)
    except SettingsError:
        return ""
    reaction = reaction_to(letter.event.type, file.reactions)
    limit_s = file.config.max_age_s or (reaction and reaction.max_age_s)
    is_timer = letter.topic != letter.event.topic
    if not limit_s or is_timer or letter.event.age_s() <= limit_s:
        return ""
    return f", and skipped as stale: it is older than {limit_s:g} s. With --any-age it is not"
