"""Gives a command and waits for the event that it becomes: the hub's confirmation."""

import threading
import time

from hub.mqtt.bus import Bus
from hub.remote.statuses import unanswered
from hub.wire.command import Answer, Drill, Press, Subscribe
from hub.wire.event import Event
from hub.wire.recordings import Recordings

PATIENCE_S = 5.0  # for the broker and the hub together
AGAIN_S = 1.0


class UnconfirmedError(RuntimeError):
    """The hub did not confirm the command; the text says why and what to do."""


class UnsentError(UnconfirmedError):
    """There is no connection to the broker, so the command was not sent."""


class ConfirmedCommands:
    """Gives commands over a bus; many threads may do so at once.

    A command is repeated until the hub confirms it, for a hub that restarts; its id makes it one
    event.
    """

    def __init__(self, bus: Bus, hub: str, source: str, kind: str) -> None:
        """Listen to the hub.

        Args:
            bus: The connection.
            hub: The name of the hub.
            source: Who gives the commands.
            kind: The type of the events that they become.
        """
        self._bus = bus
        self._hub = hub
        self._source = source
        self._waiting: dict[str, list[threading.Event]] = {}
        self._confirmed: dict[str, Event] = {}
        self._lock = threading.Lock()
        bus.on_event(kind, self._receive)

    def give(self, command: Press | Drill | Answer | Subscribe | Recordings, target: str) -> Event:
        """Give a command that has an id, and wait.

        Args:
            command: What is to be done.
            target: At which door, or for which phone.

        Raises:
            UnsentError: there is no broker.
            UnconfirmedError: there is no hub, or it does not answer.
        """
        deadline = time.monotonic() + PATIENCE_S
        if not self._bus.connected.wait(PATIENCE_S):
            raise UnsentError(self._bus.absence)
        confirmed = threading.Event()
        with self._lock:
            self._waiting.setdefault(command.id, []).append(confirmed)
        try:
            while (left_s := deadline - time.monotonic()) > 0:
                self._bus.command(self._source, command, self._hub, target)
                if confirmed.wait(min(AGAIN_S, left_s)):
                    return self._confirmed[command.id]
        finally:
            self._forget(command.id, confirmed)
        raise UnconfirmedError(unanswered(self._bus, self._hub, self._source))

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
