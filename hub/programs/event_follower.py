"""The follower: events in the order of their journals, for a program that copies them.

A handler takes a live event before a missed one, so that the bell rings now. Who copies wants the
order. A follower takes of each stream only what comes next. It does not keep what comes early: it
asks the producer, whose journal has both, so a gap costs no memory however long it lasts.
"""

import sqlite3
import time
from collections.abc import Sequence
from queue import Empty
from typing import TYPE_CHECKING

from hub.consumer.catchup.catchup import CatchUp
from hub.consumer.catchup.live_queue import LiveQueue
from hub.mqtt.bus import Bus
from hub.store.cursors import Cursors
from hub.store.state import State
from hub.wire.event import Event
from hub.wire.query import OwedEvent

if TYPE_CHECKING:
    from hub.wire.streams import Numbering

LEAST_WAIT_S = 0.05
GAP_S = 60.0  # from then on the status says that a producer does not reply


class Follower:
    """Gives events, and moves on when they are done with.

    Use it from one thread: `take`, do something with what it gives, `finish`. What was taken and
    not finished when the process ends comes again. What was taken must be finished, or the process
    end: there is no other way past an event.
    """

    def __init__(
        self, bus: Bus, state: State, source: str, types: Sequence[str], since_s: float
    ) -> None:
        self._bus = bus
        self._state = state
        self._cursors = Cursors(state)
        first = self._cursors.first_reactions(types, state.clock.unix_s())
        since = {kind: max(0.0, first[kind] - since_s) for kind in types}
        self._live: LiveQueue[OwedEvent] = LiveQueue()
        self._catch_up = CatchUp(bus, self._cursors, source, since, self._live.wake)
        self._at: dict[Numbering, int] = {}  # how far each numbering was taken
        self._gaps: dict[str, float] = {}  # since when a stream has one, monotonic
        self._taken: list[Event] = []
        self._stopped = False
        for kind in types:
            bus.on_delivery(kind, self._receive)

    def stop(self) -> None:
        """Have `take` return at once, and nothing any more. Any thread may call it."""
        self._stopped = True
        self._live.wake()

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called, by the program or because another has its name."""
        return self._stopped

    @property
    def is_up_to_date(self) -> bool:
        """Whether every producer that is there has replied, and nothing waits here."""
        return not self._catch_up.settles_in_s() and not self._gaps and self._live.empty()

    def note(self, words: str) -> None:
        """Say in the status what is wrong; with nothing, that all is well again."""
        self._bus.note("follower", words)

    def take(self, most: int = 500, wait_s: float = 1.0) -> list[OwedEvent]:
        """The next events, each with the bytes that were published, in the order of each stream.

        Args:
            most: How many at most.
            wait_s: How long to wait for the first one, in seconds.

        Returns:
            Nothing, if none came in that time.

        Raises:
            RuntimeError: `finish` was not called for the last events.
        """
        if self._taken:
            raise RuntimeError("finish() what was taken before you take more")
        taken: list[OwedEvent] = []
        until = time.monotonic() + wait_s
        while not self._stopped and not taken:
            while len(taken) < most and (owed := self._catch_up.next_event()):
                taken += self._next(*owed, is_live=False)
            left_s = until - time.monotonic()
            if taken or left_s <= 0:
                break
            ask_in_s = self._catch_up.ask_what_is_due()
            taken += self._take_live(most, min(left_s, max(ask_in_s, LEAST_WAIT_S)))
        self._note_gaps()
        self._taken = [event for event, _ in taken]
        return taken

    def finish(self) -> None:
        """Everything that was taken is done with: it will not come again.

        Raises:
            StateError: that cannot be written down.
        """
        done = self._taken

        def move(db: sqlite3.Connection) -> None:
            last = {(event.stream, event.epoch): event.sequence for event in done}
            for (stream, epoch), sequence in last.items():
                self._cursors.advance(db, stream, epoch, taken=sequence)

        if done:
            self._state.do(move)
            self._taken = []

    def _receive(self, event: Event, payload: bytes) -> None:
        """In the network thread."""
        if not self._live.offer(OwedEvent(event, payload)):
            self._catch_up.ask_soon([event.type])

    def _take_live(self, most: int, wait_s: float) -> list[OwedEvent]:
        taken: list[OwedEvent] = []
        while len(taken) < most:
            try:
                owed = self._live.get(block=wait_s > 0, timeout=wait_s)
            except Empty:
                break
            wait_s = 0.0
            if owed is None:  # there is a reply
                break
            taken += self._next(*owed, is_live=True)
        return taken

    def _next(self, event: Event, payload: bytes, *, is_live: bool) -> list[OwedEvent]:
        """The event, if it is the next one of its numbering; else nothing.

        The first one of a numbering comes from the journal, in whose replies older numberings stand
        before newer ones: live, it could overtake what is owed of the boot before. If that is
        known to owe nothing, it is taken at once.
        """
        key = (event.stream, event.epoch)
        # A cursor goes ahead where retention has removed events.
        at = max(self._at.get(key, 0), self._cursors.position(*key))
        if event.sequence <= at:
            return []
        is_early = event.sequence > at + 1
        if is_early or (is_live and at == 0 and not self._catch_up.is_alone(event)):
            self._gaps.setdefault(event.stream, time.monotonic())
            self._catch_up.ask_about(event.stream)
            return []
        self._at[key] = event.sequence
        self._gaps.pop(event.stream, None)
        return [OwedEvent(event, payload)]

    def _note_gaps(self) -> None:
        now = time.monotonic()
        late = sorted(stream for stream, since in self._gaps.items() if now - since > GAP_S)
        words = ""
        if late:
            words = f"{late[0]}: an event is missing, and its producer does not send it"
        self._bus.note("gap", words)
