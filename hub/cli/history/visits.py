"""`doorbell visits`: the guest book in the terminal."""

import time
from datetime import date
from typing import Annotated, Any

import typer

from config import Settings
from hub.plugin.house.answer_links import LABELS
from hub.process.page_address import page_address
from hub.store.guest_book.from_history import HistoryBook, ToldVisit
from hub.store.guest_book.look_up import KeptRecording
from hub.store.guest_book.rules import rules_of
from hub.store.guest_book.visit import Visit
from hub.terminal.history import open_history, print_faults
from hub.terminal.options import ConfigOption, door_named, read_house
from hub.terminal.output import complain, say, say_json
from hub.web.guest_book.recorder_files import RecorderFiles


def day_of(text: str) -> date:
    """Read a date.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text}: not a date. Write 2026-11-01") from None


def visits(
    *,
    door: Annotated[str | None, typer.Option(help="Only visits at this door.")] = None,
    day: Annotated[
        date | None,
        typer.Option(parser=day_of, metavar="DATE", help="Only visits of this day: 2026-11-01."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one visit a line.")] = False,
    config: ConfigOption = None,
) -> None:
    """List the visits, the newest last: who was answered, and where picture and clip are."""
    settings = read_house(config)
    history = open_history(settings)
    book = HistoryBook(history, rules_of(settings), time.time())
    place = door_named(settings, door) if door else None
    found = book.visits(place, day, limit)
    for told in reversed(found):
        facts = _facts(told, settings)
        if as_json:
            say_json(facts)
        else:
            say(*_lines(told.visit, facts))
    print_faults(history)
    if not found:
        complain("no such visits are kept")


def _facts(told: ToldVisit, settings: Settings) -> dict[str, Any]:
    visit = told.visit
    address = f"{page_address(settings)}/visits/{visit.id}"
    facts = {
        "id": visit.id,
        "door": visit.door,
        "began": visit.began.isoformat(),
        "last": visit.last.isoformat(),
        "presses": visit.presses,
        "state": visit.state,
        "answer": visit.answer,
        "by": visit.by,
        "ended": visit.ended.isoformat() if visit.ended else None,
        "late": visit.is_late,
        "kept": visit.is_kept,
        "address": address,
    }
    for kind, recordings in (("picture", told.pictures), ("clip", told.clips)):
        file = _file(recordings, settings)
        facts[kind] = file
        facts[f"{kind}_address"] = f"{address}/{kind}" if file else None
    return facts


def _file(recordings: list[KeptRecording], settings: Settings) -> str | None:
    """The newest file that is there."""
    files = RecorderFiles(settings)
    found = (files.file(one.path, one.handler) for one in recordings)
    return next((str(path) for path in found if path), None)


def _lines(visit: Visit, facts: dict[str, Any]) -> list[str]:
    """When, where, how it ended, how often it rang; below it the files, and its page."""
    words = LABELS.get(visit.answer, visit.answer)
    by = f" ({visit.by})" if visit.by else ""
    end = f"{visit.state}: {words}{by}" if words else visit.state
    rings = f"rang {visit.presses} times" if visit.presses > 1 else "rang once"
    began = f"{visit.began.astimezone():%Y-%m-%d %H:%M:%S}"
    places = filter(None, (facts["picture"], facts["clip"], facts["address"]))
    first = f"{began}  {visit.door_name}  {end}  {rings}"
    return [first, *(f"    {place}" for place in places)]
