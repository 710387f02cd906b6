"""`doorbell answer`: answer the visitor from the command line."""

import os
import sys
from typing import Annotated

import typer

from config import SettingsError
from hub.mqtt.bus import Bus
from hub.mqtt.own_broker.address import with_running_broker
from hub.plugin.house import answer_links
from hub.remote.answer import AnswerClient
from hub.remote.confirmed import UnconfirmedError
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.terminal.output import complain, say
from hub.wire import topics
from hub.wire.command import ANSWER_LENGTH, BY_LENGTH, is_answer


def answer(
    door: Annotated[str, typer.Argument(help="The door of the visitor.")],
    words: Annotated[
        list[str], typer.Argument(help="coming, leave it, snooze, or a sentence that is spoken.")
    ],
    by: Annotated[str, typer.Option("--by", help="The name of the person who answers.")] = "",
    config: ConfigOption = None,
) -> None:
    """Answer the visitor at a door from here: `doorbell answer front coming`."""
    settings, _ = read_settings(config)
    settings = with_running_broker(settings)
    text = _answer_of(" ".join(words))
    if not is_answer(text):
        raise SettingsError([f"not an answer: write 1 to {ANSWER_LENGTH} characters on one line"])
    if len(by) > BY_LENGTH or not (by or "x").isprintable():
        raise SettingsError([f"--by: write a name of at most {BY_LENGTH} characters"])
    named = door_named(settings, door)
    bus = Bus(settings.broker)
    answerer = AnswerClient(bus, settings, topics.source("cli", str(os.getpid())))
    bus.start()
    try:
        event = answerer.answer(named, text, by=by)
    except UnconfirmedError as error:
        complain(f"✗ {error}")
        sys.exit(1)
    finally:
        bus.stop()
    say(f"{event.data.get('name', event.subject)} was answered ({text}): {event.id}")


def _answer_of(words: str) -> str:
    """`Leave it` is the answer `leave_it`; other words are a sentence, and stay as typed."""
    answer_id = "_".join(words.lower().split())
    if answer_id in answer_links.LABELS:
        return answer_id
    return words.strip()
