"""`doorbell answer`: tell the visitor from here."""

import os
import sys
from typing import Annotated

import typer

from config import SettingsError
from hub.features.answers import ANSWER_LENGTH, is_answer
from hub.mqtt.bus import Bus
from hub.mqtt.embedded_address import with_embedded_broker
from hub.plugin import answer_links
from hub.remote.answer import Answerer, AnswerError
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.wire import topics


def answer(
    door: Annotated[str, typer.Argument(help="At which door.")],
    words: Annotated[
        list[str], typer.Argument(help="coming, leave it, snooze; or a sentence to be spoken.")
    ],
    by: Annotated[str, typer.Option("--by", help="Who answers.")] = "",
    config: ConfigOption = None,
) -> None:
    """Answer the visitor at a door from here: `doorbell answer front coming`."""
    settings, _ = read_settings(config)
    settings = with_embedded_broker(settings)
    said = _meant(" ".join(words))
    if not is_answer(said):
        raise SettingsError([f"not an answer: it is 1 to {ANSWER_LENGTH} characters on one line"])
    if len(by) > 64 or not (by or "x").isprintable():  # noqa: PLR2004 - as the hub takes it
        raise SettingsError(["--by: a name of 64 characters at most"])
    named = door_named(settings, door)
    bus = Bus(settings.broker, f"doorbell-cli-{os.getpid()}")
    answerer = Answerer(bus, settings, topics.source("cli", str(os.getpid())))
    bus.start()
    try:
        event = answerer.answer(named, said, by=by)
    except AnswerError as error:
        print(f"✗ {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        bus.stop()
    print(f"{event.data.get('name', event.subject)} was answered ({said}): {event.id}")


def _meant(words: str) -> str:
    """`Leave it` is the answer `leave_it`; what is none of these is taken as it was typed."""
    short = "_".join(words.lower().split())
    return short if short in answer_links.LABELS else words.strip()
