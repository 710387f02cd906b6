"""`doorbell dead-letters`: the events that handlers gave up; show, retry or discard them."""

import json
from typing import Annotated

import typer

from config import Settings, SettingsError
from hub.admin.check.apart import inspected
from hub.admin.check.handler_files import Inspection
from hub.plugin import loader
from hub.remote.wake import wake
from hub.store.inbox.inbox_file import DeadLetter, InboxError, InboxFile
from hub.store.own_folders import files_in, handlers_file
from hub.terminal.options import ConfigOption, read_house
from hub.terminal.output import complain, say, say_json
from hub.terminal.words import count
from hub.wire.event import encode

SHORT_ID = 8  # characters: the end of an id is its random part

dead_letters = typer.Typer(
    help="Events that handlers gave up: list, show, retry or discard them.",
    no_args_is_help=True,
)
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The event's id, or the beginning or end of it.")
]
OptionalIdArgument = Annotated[
    str | None, typer.Argument(metavar="ID", help="The event's id, or the beginning or end of it.")
]
HandlerOption = Annotated[
    str | None, typer.Option("--handler", help="Only dead letters of this handler.")
]
AnyAgeOption = Annotated[
    bool, typer.Option("--any-age", help="Ignore the handler's age limit (max_age_s).")
]


@dead_letters.command("list")
def list_letters(handler: HandlerOption = None, config: ConfigOption = None) -> None:
    """List the dead letters, the oldest event first."""
    settings = read_house(config)
    letters = _letters(settings, handler)
    for letter in letters:
        say(_line(letter))
    if not letters:
        complain("no dead letters")


@dead_letters.command("show")
def show_letter(
    event_id: IdArgument, handler: HandlerOption = None, config: ConfigOption = None
) -> None:
    """Show one dead letter: the reason, and the event as it was received."""
    settings = read_house(config)
    for letter in _matching(_letters(settings, handler), event_id):
        attempts = count(letter.attempts, "attempt")
        say(f"{letter.handler} gave it up after {attempts}: {letter.reason}")
        say_json(json.loads(encode(letter.event)), indent=2)


@dead_letters.command("retry")
def retry_letters(
    event_id: OptionalIdArgument = None,
    every: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    any_age: AnyAgeOption = False,
    handler: HandlerOption = None,
    config: ConfigOption = None,
) -> None:
    """Try dead letters again, as if their events had just arrived."""
    if (event_id is None) != every:
        raise typer.BadParameter("name one by its ID, or use --all")
    settings = read_house(config)
    letters = _letters(settings, handler)
    if event_id is not None:
        letters = _matching(letters, event_id)
    elif not letters:
        complain("no dead letters")
    stale = [""] * len(letters)
    if not any_age:
        stale = inspected(settings, lambda files: [_stale(files, letter) for letter in letters])
    woken: set[str] = set()
    for letter, warning in zip(letters, stale, strict=True):
        if not _inbox(settings, letter.handler).retry(letter, any_age=any_age):
            continue  # the handler has finished with it meanwhile
        woken.add(letter.handler)
        event = letter.event
        say(f"{letter.handler}: {event.type} of {event.subject} is tried again{warning}")
    wake(settings, woken)


@dead_letters.command("discard")
def discard_letter(
    event_id: IdArgument, handler: HandlerOption = None, config: ConfigOption = None
) -> None:
    """Discard a dead letter for good."""
    settings = read_house(config)
    for letter in _matching(_letters(settings, handler), event_id):
        _inbox(settings, letter.handler).discard(letter)
        say(f"{letter.handler}: {letter.event.type} of {letter.event.subject} is discarded")


def _line(letter: DeadLetter) -> str:
    event = letter.event
    when = f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}"
    what = f"{event.subject:<8}  {letter.handler:<8}  {event.type}"
    reason = " ".join(letter.reason.split())
    attempts = count(letter.attempts, "attempt")
    return f"{when}  {event.id[-SHORT_ID:]}  {what}  after {attempts}: {reason}"


def _letters(settings: Settings, handler: str | None) -> list[DeadLetter]:
    """Those of one handler, or of all that have ever run; an unreadable file hides no other."""
    if handler is not None:
        return _inbox(settings, handler).dead()
    letters: list[DeadLetter] = []
    for path in files_in(settings.house_dir):
        try:
            letters += InboxFile(path).dead()
        except InboxError as error:
            complain(f"✗ {error}")
    return sorted(letters, key=lambda letter: letter.event.time)


def _inbox(settings: Settings, handler: str) -> InboxFile:
    path = handlers_file(settings.house_dir, handler)
    if not path.is_file():
        loader.locate(handler, settings)  # an unknown handler's error lists those that there are
    return InboxFile(path)


def _matching(letters: list[DeadLetter], event_id: str) -> list[DeadLetter]:
    """The letters of the one event that has this id: several handlers may have given it up."""
    wanted = event_id.lower()
    found = [
        letter
        for letter in letters
        if wanted and (letter.event.id.startswith(wanted) or letter.event.id.endswith(wanted))
    ]
    hint = "`doorbell dead-letters list` lists them"
    if not found:
        raise InboxError(f"{event_id}: no such dead letter. {hint}")
    if len({letter.event.id for letter in found}) > 1:
        raise InboxError(f"{event_id} fits more than one: write more of it. {hint}")
    return found


def _stale(files: Inspection, letter: DeadLetter) -> str:
    """A warning where the handler's own age limit will skip the event again."""
    try:
        policy = files.named(letter.handler).policy
    except SettingsError:
        return ""
    limit_s = policy.stale_limit_s(letter.event)
    if limit_s is None or letter.is_timer:
        return ""
    return f", and skipped as stale: it is older than {limit_s:g} s. With --any-age it is not"
