"""Answers a visitor from another process: sends the command and waits for `visitor.answered`."""

import threading
import time

from config import Settings
from hub.mqtt.bus import Bus
from hub.wire import topics
from hub.wire.command import Answer
from hub.wire.event import Event, uuid7

PATIENCE_S = 5.0
AGAIN_S = 1.0  # the command is repeated, for a hub that restarts; its id makes it one event


class AnswerError(RuntimeError):
    """The hub did not confirm the answer; the text says why and what to do."""


class AnswerClient:
    """Answers over a bus; many threads may do so at once."""

    def __init__(self, bus: Bus, settings: Settings, source: str) -> None:
        self._bus = bus
        self._hub = settings.hub
        self._source = source
        self._waiting: dict[str, list[threading.Event]] = {}
        self._confirmed: dict[str, Event] = {}
        self._lock = threading.Lock()
        bus.on_event(topics.ANSWERED, self._receive)

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
            AnswerError: there is no broker, or no hub.
        """
        deadline = time.monotonic() + PATIENCE_S
        if not self._bus.connected.wait(PATIENCE_S):
            raise AnswerError(self._bus.absence)
        wanted = id or uuid7()
        confirmed = threading.Event()
        command = Answer(wanted, answer, by, press)
        with self._lock:
            self._waiting.setdefault(wanted, []).append(confirmed)
        try:
            while (left_s := deadline - time.monotonic()) > 0:
                self._bus.command(self._source, command, self._hub, door)
                if confirmed.wait(min(AGAIN_S, left_s)):
                    return self._confirmed[wanted]
        finally:
            self._forget(wanted, confirmed)
        raise AnswerError(
            f"the hub {self._hub!r} does not answer. Is it running? `doorbell run` shows it"
        )

    def _forget(self, wanted: str, confirmed: threading.Event) -> None:
        with self._lock:
            self._waiting[wanted].remove(confirmed)
            if not self._waiting[wanted]:
                del self._waiting[wanted]
                self._confirmed.pop(wanted, None)

    def _receive(self, event: Event) -> None:
        with self._lock:
            for confirmed in self._waiting.get(event.id, ()):
                self._confirmed[event.id] = event
                confirmed.set()
