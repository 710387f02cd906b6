"""Missed events, one after another: each is claimed in the commit that finishes the last one."""

import sqlite3
import time
from collections.abc import Callable

from hub.consumer.catchup.catchup import CatchUp
from hub.store.inbox.inbox import Delivery, Inbox
from hub.wire.query import OwedEvent

LONGEST_S = 0.1  # so long at most, what is due and what is to be published wait


class Succession:
    """Claims the next missed event. An event costs one commit instead of two.

    The claim still precedes its act, and is never made before the act before it has ended.
    """

    def __init__(self, inbox: Inbox, catch_up: CatchUp, may_go_on: Callable[[], bool]) -> None:
        """Prepare.

        Args:
            inbox: Takes the events.
            catch_up: Has them.
            may_go_on: Asked before each claim; where it is False the succession ends.
        """
        self._inbox = inbox
        self._catch_up = catch_up
        self._may_go_on = may_go_on
        self._until = time.monotonic() + LONGEST_S
        self._next: OwedEvent | None = None
        self._delivery: Delivery | None = None

    def claim_next(self, db: sqlite3.Connection) -> bool:
        """In the open transaction, which may be undone and repeated: claim the next event.

        Returns:
            Whether one follows.
        """
        self._next = None
        events = self._catch_up.events
        if events and time.monotonic() < self._until and self._may_go_on():
            self._next = events[0]
            self._delivery = self._inbox.take(db, *self._next, missed=True)
        return self._next is not None

    def claimed(self) -> tuple[list[OwedEvent], list[Delivery | None]]:
        """After the commit: the event that follows, if there is one, and its claim."""
        if self._next is None:
            return [], []
        event, self._next = self._next, None
        self._catch_up.next_event()
        return [event], [self._delivery]
