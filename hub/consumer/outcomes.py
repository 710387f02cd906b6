"""Records what became of an event: finished, and its outcome journaled, in one transaction."""

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Container, Iterator
from contextlib import contextmanager
from dataclasses import replace

from hub.consumer.attempt import LiveAttempt
from hub.consumer.records import Facts
from hub.producer.producer import Producer
from hub.store.inbox.inbox import Delivery, Inbox
from hub.store.inbox.kept_records import KeptRecords
from hub.store.journal.journal import Entry
from hub.store.state import State
from hub.wire import topics
from hub.wire.event import Event

Work = Callable[[sqlite3.Connection], list[Entry]]  # gives what it journaled
ClaimNext = Callable[[sqlite3.Connection], bool]  # whether an event was claimed
TOGETHER_S = 0.1
HELD = 50  # outcomes that are published together: half of what may be under way at once


class Outcomes:
    """Records outcomes in the inbox, and publishes them as events that name their cause.

    Outcomes of outcomes are recorded, and not published: they would never end.
    """

    def __init__(self, source: str, state: State, inbox: Inbox, producer: Producer) -> None:
        self._source = source
        self._name = topics.name_of(source)
        self._state = state
        self._inbox = inbox
        self._producer = producer
        self._records = KeptRecords(state)
        self._together: list[Work] | None = None
        self._commit_at = 0.0
        self._claim_next: ClaimNext = _claim_nothing
        self._journaled: list[Entry] = []  # what is not released yet
        self._held = 0  # commits since the last release

    def begin(self, event: Event, reacts_to: Container[str]) -> LiveAttempt:
        """See Records."""
        return LiveAttempt(event, self._source, self._state, reacts_to)

    def sync(self) -> None:
        """See Records."""
        self._state.sync()

    def done(
        self, delivery: Delivery, facts: Facts, attempt: LiveAttempt, *, quiet: bool = False
    ) -> None:
        """The handler returned: what it remembered, emitted and kept counts from now on.

        A quiet outcome is not published.
        """

        def conclude(db: sqlite3.Connection) -> list[Entry]:
            attempt.write(db)
            self._inbox.finish(db, delivery)
            self._records.add(db, attempt.kept, delivery)
            if quiet and not attempt.emitted:
                return []
            cause = _cause_of_what_follows(delivery)
            entries = []
            for kind, subject, data in attempt.emitted:
                now = self._state.clock.utc()
                entry = self._producer.append(db, kind, subject, data, time=now, cause=cause)
                entries.append(entry)
            return entries + self._journal(db, delivery, "handler.done", facts)

        if self._claim_next is _claim_nothing and self._together is None:
            os.sched_yield()  # others may have yet to act: what is left here can wait
        if attempt.emitted:
            self._record(conclude)
            self._release()  # others react to it: it must not wait for an event that takes long
        elif attempt.has_state:
            self._record(conclude)
        else:
            self._commit_together(conclude)

    def skipped(self, delivery: Delivery, reason: str) -> None:
        """A rule of the handler forbids to react to it."""

        def conclude(db: sqlite3.Connection) -> list[Entry]:
            self._inbox.finish(db, delivery)
            return self._journal(db, delivery, "handler.skipped", {"reason": reason})

        self._record(conclude)

    def retried(
        self, delivery: Delivery, facts: Facts, reason: str, wait_s: float, *, counts: bool = True
    ) -> None:
        """It failed, and is tried again later; that counts as an attempt, or does not."""
        facts = {**facts, "reason": reason, "again_in_s": round(wait_s, 3)}
        wait = self._inbox.retry if counts else self._inbox.postpone

        def put_off(db: sqlite3.Connection) -> list[Entry]:
            wait(db, delivery, wait_s)
            return self._journal(db, delivery, "handler.retried", facts)

        self._record(put_off)

    def release(self, delivery: Delivery, facts: Facts) -> None:
        """The process is to stop and ended it: the next process takes it up, as after a crash."""
        facts = {**facts, "reason": "stopped while it ran", "again_in_s": 0}

        def release(db: sqlite3.Connection) -> list[Entry]:
            self._inbox.release(db, delivery)
            return self._journal(db, delivery, "handler.retried", facts)

        self._record(release)

    def dead(self, delivery: Delivery, facts: Facts, reason: str) -> None:
        """To the dead letters."""

        def dead_letter(db: sqlite3.Connection) -> list[Entry]:
            if delivery.event.is_drill:
                self._inbox.finish(db, delivery)  # a drill is never retried by hand
            else:
                self._inbox.dead_letter(db, delivery, reason)
            return self._journal(db, delivery, "handler.dead", {**facts, "reason": reason})

        self._record(dead_letter)

    def ignored(self, delivery: Delivery) -> None:
        """It does not concern this handler: it is finished, without an outcome."""

        def finish(db: sqlite3.Connection) -> list[Entry]:
            self._inbox.finish(db, delivery)
            return []

        self._commit_together(finish)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit what is recorded within a moment in one transaction, where nothing depends on it.

        If the process dies before, these events come again as redelivered.
        """
        self._together = []
        self._commit_at = time.monotonic() + TOGETHER_S
        yield
        self._commit_waiting()
        self._together = None

    @contextmanager
    def in_succession(self, claim_next: ClaimNext) -> Iterator[None]:
        """Have the next event claimed in each commit that records an outcome.

        Where one is claimed, an outcome is published later, with what follows. What the handler
        emitted is not held back.
        """
        self._claim_next = claim_next
        try:
            yield
        finally:
            self._claim_next = _claim_nothing
            self._release()

    def _commit_together(self, work: Work) -> None:
        if self._together is None:
            self._record(work)
            return
        self._together.append(work)
        if time.monotonic() >= self._commit_at:
            self._commit_waiting()

    def _commit_waiting(self) -> None:
        works, self._together = self._together, []
        if works:
            self._record(lambda db: [entry for work in works for entry in work(db)])

    def _record(self, work: Work) -> None:
        """Do this in one transaction, and have what it journaled published, or held back.

        What the broker has acknowledged until now is marked with it.
        """
        goes_on = False
        marked: Collection[int] = ()

        def record(db: sqlite3.Connection) -> list[Entry]:
            nonlocal goes_on, marked
            entries = work(db)
            marked = self._producer.mark(db)
            goes_on = self._claim_next(db)
            return entries

        self._journaled += self._state.do(record)
        if marked:
            self._producer.marked(marked)
        self._held += 1
        if not goes_on or self._held >= HELD:
            self._release()

    def _release(self) -> None:
        self._held = 0
        if self._journaled:
            self._producer.release(self._journaled[-1].position, self._journaled)
            self._journaled = []

    def _journal(
        self, db: sqlite3.Connection, delivery: Delivery, outcome: str, facts: Facts
    ) -> list[Entry]:
        event = delivery.event
        if event.type.startswith(topics.OUTCOME_TYPES):
            return []
        data = {
            "handler": self._name,
            "type": event.type,
            "attempt": event.attempt,
            "redelivered": event.redelivered,
            **facts,
        }
        now = self._state.clock.utc()
        return [self._producer.append(db, outcome, event.subject, data, time=now, cause=event)]


def _claim_nothing(_: sqlite3.Connection) -> bool:
    """No event follows."""
    return False


def _cause_of_what_follows(delivery: Delivery) -> Event:
    """The event; of a timer, which no other process knows, the event that set it."""
    event = delivery.event
    return replace(event, id=event.cause) if delivery.is_timer and event.cause else event
