"""Answers a visitor from another process: sends the command and waits for `visitor.answered`."""

from config import Settings
from hub.mqtt.bus import Bus
from hub.remote.confirmed import ConfirmedCommands
from hub.wire import topics
from hub.wire.command import Answer
from hub.wire.event import Event, uuid7


class AnswerClient:
    """Answers over a bus; many threads may do so at once."""

    def __init__(self, bus: Bus, settings: Settings, source: str) -> None:
        self._commands = ConfirmedCommands(bus, settings.hub, source, topics.ANSWERED)

    def answer(
        self,
        door: str,
        answer: str,
        *,
        by: str = "",
        press: str = "",
        id: str | None = None,  # noqa: A002
    ) -> Event:
        """Answer, and wait until the hub confirms it.

        Args:
            door: At which door.
            answer: `coming`, `leave_it`, `snooze`, or a sentence.
            by: The name of the person who answers.
            press: The id of the press that is answered.
            id: Becomes the event's id; two answers with the same id are one event.

        Raises:
            UnconfirmedError: there is no broker, or no hub.
        """
        command = Answer(id or uuid7(), answer, by, press)
        return self._commands.give(command, door)
