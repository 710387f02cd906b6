"""The projection: records that a process keeps of the events of a house (a read model)."""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar

from hub.consumer.catchup.catchup import MUST_WAIT_S, CatchUp
from hub.consumer.catchup.live_queue import LiveQueue
from hub.consumer.event_time import corrected
from hub.mqtt.bus import Bus
from hub.store.cursors import Cursors
from hub.store.file.memory_fallback import WRITE_BACK_S
from hub.store.inbox.inbox import Delivery, Inbox
from hub.store.state import State, StateError
from hub.wire import topics
from hub.wire.event import Event

log = logging.getLogger(__name__)
GATHER_S = 0.1  # what comes in this time shares a commit
GATHERED = 50
IDLE_S = 60.0
Taken = tuple[Event, bytes | None]
News = TypeVar("News")


class _Kept(NamedTuple, Generic[News]):
    """An event that came for the first time.

    Attributes:
        delivery: Of the inbox.
        news: What `keep` gave; nothing where the event is left out.
    """

    delivery: Delivery
    news: tuple[News, ...]


class Projection(Generic[News]):
    """Takes in every event once, live or missed, with the inbox of a handler.

    What a handler does cannot be undone, so it claims an event, acts, and records the outcome. A
    projection only writes into its own state file. There the record of an event and the mark that
    it was taken are one transaction, and no outcome is published.
    """

    def __init__(
        self,
        source: str,
        *,
        state: State,
        bus: Bus,
        keep: Callable[[sqlite3.Connection, Event], News],
        on_kept: Callable[[Sequence[News]], object],
        since_s: float,
    ) -> None:
        """Listen.

        Args:
            source: The process.
            state: Its state file.
            bus: Its connection.
            keep: Called in a transaction with each event, in the projection's thread. It may be
                undone and repeated, so it changes nothing but the file.
            on_kept: Called after each commit with what `keep` gave for its events, and at least
                once a minute.
            since_s: How many seconds before its first start it catches up.
        """
        self._state = state
        self._keep = keep
        self._on_kept = on_kept
        self._news: list[News] = []  # of what is committed
        self._inbox = Inbox(state)
        self._live: LiveQueue[Taken] = LiveQueue()
        self._stopping = threading.Event()
        cursors = Cursors(state)
        first = cursors.first_reactions([topics.EVERY], state.clock.unix_s())
        since = {topics.EVERY: max(0.0, first[topics.EVERY] - since_s)}
        self._catch_up = CatchUp(bus, cursors, source, since, self._live.wake)
        bus.on_delivery(topics.EVERY, self._receive)

    def run(self) -> None:
        """Take in events until `stop` is called."""
        while not self._stopping.is_set():
            self._state.write_back()
            if taken := self._next():
                self._take(taken, missed=taken[0][1] is None)
            news, self._news = self._news, []
            self._on_kept(news)

    def stop(self) -> None:
        """End soon. May be called from any thread."""
        self._stopping.set()
        self._live.wake()

    def _receive(self, event: Event, payload: bytes) -> None:
        """In the network thread."""
        if not self._live.offer((event, payload)):
            self._catch_up.ask_soon([event.type])

    def _next(self) -> list[Taken]:
        """What is to be taken in now: live events, or missed ones; it may wait for them."""
        if taken := self._gathered():
            return taken
        while len(taken) < GATHERED and (owed := self._catch_up.next_event()):
            taken.append((owed[0], None))
        if taken:
            return taken
        with suppress(queue.Empty):
            first = self._live.get(timeout=self._idle_s())
            if first is not None:
                time.sleep(GATHER_S)
                return [first, *self._gathered()]
        return []

    def _gathered(self) -> list[Taken]:
        """The live events that are there."""
        taken: list[Taken] = []
        with suppress(queue.Empty):
            while len(taken) < GATHERED:
                live = self._live.get_nowait()
                if live is not None:
                    taken.append(live)
        return taken

    def _idle_s(self) -> float:
        """How long only a live event can come, in seconds."""
        longest_s = WRITE_BACK_S if self._state.disk_fault else IDLE_S
        return min(self._catch_up.ask_what_is_due(), longest_s) or MUST_WAIT_S

    def _take(self, taken: Sequence[Taken], *, missed: bool) -> None:
        """Take in the events that come for the first time."""
        doubts = self._catch_up.doubts
        if not missed and (far := [one for one in taken if doubts.is_far(one[0])]):
            self._catch_up.ask_soon({event.type for event, _ in far})
            taken = [one for one in taken if one not in far]
        others: list[Taken] = []
        for (event, _), kept in zip(taken, self._kept(taken, missed=missed), strict=True):
            if kept:
                self._news += kept.news
                doubts.took(event)
                if kept.delivery.is_behind:
                    self._catch_up.ask_soon([event.type])
            elif other := doubts.other(event):
                others.append((other, None))
        if others:
            self._take(others, missed=True)

    def _kept(self, taken: Sequence[Taken], *, missed: bool) -> list[_Kept[News] | None]:
        """Keep these events, whatever it takes: without them the next ones would make no sense."""
        while True:
            try:
                return self._state.do(
                    lambda db: [self._kept_one(db, *one, missed=missed) for one in taken]
                )
            except StateError as error:
                log.warning("tried again in %g s: %s", WRITE_BACK_S, error)
                if self._stopping.wait(WRITE_BACK_S):
                    return [None] * len(taken)  # the next process asks for them

    def _kept_one(
        self, db: sqlite3.Connection, event: Event, payload: bytes | None, *, missed: bool
    ) -> _Kept[News] | None:
        delivery = self._inbox.take(db, event, payload, missed=missed)
        if delivery is None:
            return None
        news: tuple[News, ...] = ()
        db.execute("SAVEPOINT one")
        try:
            news = (self._keep(db, corrected(event, self._state.clock)),)
        except (sqlite3.OperationalError, StateError):  # the disk
            raise
        except Exception:
            log.exception("%s %s is left out", event.type, event.id)
            db.execute("ROLLBACK TO one")
        db.execute("RELEASE one")
        self._inbox.finish(db, delivery)
        return _Kept(delivery, news)
