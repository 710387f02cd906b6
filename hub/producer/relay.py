"""The message relay: hands what stands in the journal to the bus, until the broker has it."""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext

from hub.mqtt.bus import Bus
from hub.mqtt.guard import guarded
from hub.producer.oversize import Oversize
from hub.store.journal.journal import Entry, Journal
from hub.store.state import State, StateError
from hub.wire import streams

log = logging.getLogger(__name__)
WINDOW = 20  # unacknowledged events of a backlog; fewer than any broker's default queue
LIVE_WINDOW = 100  # a live event need not wait for a broker that has forgotten to acknowledge
OnSent = Callable[[Entry], None]


class Relay:
    """Publishes in order what may be published, and again what a broker may not have.

    Attributes:
        on_sent: See `Producer`.
        released: The last position that may be published.
        is_held_up: Whether the journal could not be read the last time.
    """

    def __init__(self, state: State, bus: Bus, journal: Journal) -> None:
        self._state, self._bus, self._journal = state, bus, journal
        self.on_sent: OnSent = lambda _: None
        self.released = 0
        self._releasing = threading.Lock()
        self._pumping = threading.Lock()
        self._wanted = 0  # the window with which somebody wants to publish
        self._reconnected = False
        self._looks_back = False  # to what the broker has not taken, before more is sent
        self.is_held_up = False
        self._in_flight: dict[int, int] = {}  # the bus's number → position in the journal
        self._at_hand: dict[int, Entry] = {}  # by position: need not be read from the journal
        # The last position that was handed to the bus in this connection.
        self._sent_to = journal.published_to()
        self._answered: deque[tuple[int, bool, float]] = deque()  # number, whether taken, when
        self._acknowledged: dict[int, float] = {}  # positions to be marked in the journal, and when
        self._oversize = Oversize(bus)
        bus.on_connect.append(self._begin_again)
        bus.on_retry.append(self._offer_again)
        bus.on_published = self._published

    def keep_at_hand(self, entries: Iterable[Entry]) -> None:
        """These are committed: they need not be read again, if they are sent soon."""
        if len(self._at_hand) >= LIVE_WINDOW:
            self._at_hand.clear()
        self._at_hand.update((entry.position, entry) for entry in entries)

    def release(self, position: int) -> None:
        """What stands up to this position may be published: do it."""
        with self._releasing:
            self.released = max(self.released, position)
        self.publish_waiting(LIVE_WINDOW)

    def go_on(self) -> None:
        """Publish what a disk that could not be read has held up."""
        if self.is_held_up:
            self.publish_waiting(LIVE_WINDOW)

    def has_published_all(self) -> bool:
        """Whether the broker has acknowledged everything that may be published."""
        is_behind = self._reconnected or self._looks_back or self._sent_to < self.released
        return not self._in_flight and not is_behind

    def publish_waiting(self, window: int = WINDOW) -> None:
        """Hand to the bus what is waiting, as far as the window allows.

        It never waits for another thread that is at it: paho calls back with its own lock held, and
        waiting there for ours would be a deadlock. The other thread looks again instead.

        Where the journal cannot be read it says so once, and fails nobody: what is to be published
        is written down, and `go_on` tries it again.
        """
        self._wanted = max(self._wanted, window)
        while self._wanted and self._pumping.acquire(blocking=False):
            try:
                window, self._wanted = self._wanted, 0
                self._pump(window)
                self.is_held_up = False
            except StateError as error:
                if not self.is_held_up:
                    log.error("publishing is held up: %s", error)  # noqa: TRY400 - it says it all
                self.is_held_up = True
            finally:
                self._pumping.release()

    def note_acknowledged(self) -> None:
        """Write down what the broker has acknowledged, in a transaction of its own."""
        try:
            if self._acknowledged:
                self.marked(self._state.do(self.mark))
        except StateError as error:
            log.warning("acknowledgements cannot be noted now: %s", error)

    def mark(self, db: sqlite3.Connection) -> Collection[int]:
        """In the open transaction: mark what the broker has acknowledged until now.

        Returns:
            These positions; once they are committed call `marked`.
        """
        acknowledged = dict(self._acknowledged)  # other threads add to it
        if acknowledged:
            self._journal.mark_published(db, acknowledged)
        return acknowledged

    def marked(self, positions: Iterable[int]) -> None:
        """The transaction that marks them is committed."""
        for position in positions:
            self._acknowledged.pop(position, None)

    def _pump(self, window: int) -> None:
        if self._reconnected:
            self._reconnected = False
            self._oversize.lost(self._in_flight.values())
            self._in_flight.clear()
            self._answered.clear()
            self._looks_back = True
        self._take_answers()
        if self._looks_back:
            self._look_back()
            self.note_acknowledged()
        limit = min(window, self._bus.receive_maximum)
        room = max(0, limit - len(self._in_flight))
        if window == WINDOW and room < limit // 2:  # with more acknowledgements more goes at once
            return
        entries = self._next(room)
        under_way = set(self._in_flight.values())
        with self._bus.together() if len(entries) > 1 else nullcontext():
            for entry in entries:
                if entry.position not in under_way and not self._send(entry):
                    return
                self._sent_to = entry.position
                self._at_hand.pop(entry.position, None)

    def _look_back(self) -> None:
        self._looks_back = False  # first: another thread may want it again meanwhile
        try:
            self._sent_to = self._journal.published_to()
        except StateError:
            self._looks_back = True
            raise

    def _next(self, room: int) -> list[Entry]:
        """The entries to be sent now: those at hand, or else from the journal."""
        end = self.released
        if not room or self._sent_to >= end:
            return []
        entries: list[Entry] = []
        for position in range(self._sent_to + 1, min(self._sent_to + room, end) + 1):
            if (entry := self._at_hand.get(position)) is None:
                break
            entries.append(entry)
        entries = entries or self._journal.unpublished(self._sent_to, room, to=end)
        if not entries:
            self._sent_to = end  # the broker has all of it, from earlier connections
        return entries

    def _send(self, entry: Entry) -> bool:
        """Hand it to the bus, or leave it to the catch-up; False without a connection."""
        if self._oversize.has(entry):
            self._acknowledged[entry.position] = self._state.clock.uptime_s()
            return True
        topic = self._bus.topics.event(*streams.parts(entry.stream))
        if (number := self._bus.publish(topic, entry.payload)) is None:
            return False
        self._in_flight[number] = entry.position
        guarded(self.on_sent, entry)
        return True

    def _take_answers(self) -> None:
        """Note what the broker has answered; it is written down many at a time."""
        while self._answered:
            number, taken, uptime_s = self._answered.popleft()
            position = self._in_flight.pop(number, None)
            if taken and position is not None:
                self._acknowledged[position] = uptime_s
        if len(self._acknowledged) >= LIVE_WINDOW:
            self.note_acknowledged()

    def _begin_again(self) -> None:
        """What was under way in the last connection may be lost."""
        self._reconnected = True
        self.publish_waiting()

    def _offer_again(self) -> None:
        """What the broker refused, it may take now."""
        self._looks_back = True
        self.publish_waiting()

    def _published(self, number: int, taken: bool) -> None:  # noqa: FBT001 - the bus's callback
        self._answered.append((number, taken, self._state.clock.uptime_s()))
        self.publish_waiting()
