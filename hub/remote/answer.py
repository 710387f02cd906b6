"""Answering the visitor from afar: a wish on the broker, fulfilled when the hub has said `visitor.answered`."""

import json
import threading
import time

from config import Settings
from hub.mqtt.bus import Bus, Message
from hub.wire import topics
from hub.wire.event import BadEvent, Event, decode, uuid7

PATIENCE_S = 5.0
AGAIN_S = (
    1.0  # a wish that nobody heard (the hub restarts) is said again; its id makes it one event
)


class AnswerError(RuntimeError):
    """Nobody was told; the text says why and what to do."""


class Answerer:
    """Answers over a bus; many may be at it at once."""

    def __init__(self, bus: Bus, settings: Settings, source: str) -> None:
        self._bus, self._hub, self._source = bus, settings.hub, source
        self._waiting: dict[str, list[threading.Event]] = {}
        self._said: dict[str, Event] = {}
        self._lock = threading.Lock()
        bus.subscribe(topics.event_filter(topics.ANSWERED), self._receive)

    def answer(
        self,
        door: str,
        answer: str,
        *,
        by: str = "",
        press: str = "",
        id: str | None = None,  # noqa: A002
    ) -> Event:
        """Answer, and wait until the hub has said so.

        Args:
            door: At which door.
            answer: What, like `coming`.
            by: Who answers.
            press: The id of the press that is answered.
            id: The event's id to be; an answer given twice with the same is one event.

        Raises:
            AnswerError: there is no broker, or no hub.
        """
        deadline = time.monotonic() + PATIENCE_S
        if not self._bus.connected.wait(PATIENCE_S):
            raise AnswerError(self._bus.absence)
        wanted, heard = id or uuid7(), threading.Event()
        wish = json.dumps({"id": wanted, "answer": answer, "by": by, "press": press}).encode()
        with self._lock:
            self._waiting.setdefault(wanted, []).append(heard)
        try:
            while (left_s := deadline - time.monotonic()) > 0:
                self._bus.publish(
                    topics.answered(self._source, self._hub, door),
                    wish,
                    content_type="application/json",
                )
                if heard.wait(min(AGAIN_S, left_s)):
                    return self._said[wanted]
        finally:
            self._forget(wanted, heard)
        raise AnswerError(
            f"the hub {self._hub!r} does not answer. Is it running? `doorbell run` shows it"
        )

    def _forget(self, wanted: str, heard: threading.Event) -> None:
        with self._lock:
            self._waiting[wanted].remove(heard)
            if not self._waiting[wanted]:
                del self._waiting[wanted]
                self._said.pop(wanted, None)

    def _receive(self, message: Message) -> None:
        message.ack()
        if message.retained:
            return
        try:
            event = decode(message.payload)
        except BadEvent:
            return
        with self._lock:
            for heard in self._waiting.get(event.id, ()):
                self._said[event.id] = event
                heard.set()
