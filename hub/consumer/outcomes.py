"""What became of an event, in one transaction: it is finished here, and therefore we say so."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hub.producer.producer import Producer
from hub.store.database import State
from hub.store.inbox import Delivery, Inbox
from hub.store.visitor_log import KeptRecord, Records
from hub.wire import topics
from hub.wire.event import Event

Said = tuple[str, str, Mapping[str, Any]]  # type, subject and data of what the handler emitted
Facts = Mapping[str, Any]


class Outcomes:
    """Records outcomes in the inbox and says them as events that name their cause.

    Outcomes of outcomes are recorded, and not said: they would never end.
    """

    def __init__(self, source: str, state: State, inbox: Inbox, producer: Producer) -> None:
        self._name, self._state, self._inbox, self._producer = (
            topics.name_of(source),
            state,
            inbox,
            producer,
        )
        self._records = Records(state)

    def done(
        self,
        held: Delivery,
        facts: Facts,
        said: Sequence[Said] = (),
        kept: Sequence[KeptRecord] = (),
        *,
        quiet: bool = False,
    ) -> None:
        """It worked; what the handler said and kept meanwhile is said and kept with it.

        A quiet one is not said. Nothing then hangs on it but what this file holds itself: after a power cut it is as if
        the event had not come yet, and it comes again. So it need not wait for the disk.
        """

        def conclude(db: sqlite3.Connection) -> None:
            self._inbox.finish(db, held)
            self._records.add(db, kept)
            if quiet and not said:
                return
            for kind, subject, data in said:
                now = self._state.clock.utc()
                self._producer.journal.append(
                    db, kind, subject, data, time=now, cause=_cause_of_what_follows(held)
                )
            self._say(db, held, "handler.done", facts)

        self._record(conclude, durable=bool(said) or not quiet)

    def skipped(self, held: Delivery, reason: str) -> None:
        """A rule of the handler forbids to react to it."""

        def conclude(db: sqlite3.Connection) -> None:
            self._inbox.finish(db, held)
            self._say(db, held, "handler.skipped", {"reason": reason})

        self._record(conclude)

    def retried(self, held: Delivery, facts: Facts, reason: str, wait_s: float) -> None:
        """It failed, and is tried again."""
        facts = {**facts, "reason": reason, "again_in_s": round(wait_s, 3)}

        def put_off(db: sqlite3.Connection) -> None:
            self._inbox.retry(db, held, wait_s)
            self._say(db, held, "handler.retried", facts)

        self._record(put_off)

    def release(self, held: Delivery, facts: Facts) -> None:
        """We are to stop, and cut it off: the next process takes it up, as after a crash."""
        facts = {**facts, "reason": "stopped while it ran", "again_in_s": 0}

        def release(db: sqlite3.Connection) -> None:
            self._inbox.release(db, held)
            self._say(db, held, "handler.retried", facts)

        self._record(release)

    def dead(self, held: Delivery, facts: Facts, reason: str) -> None:
        """To the dead letters."""

        def dead_letter(db: sqlite3.Connection) -> None:
            if held.event.is_drill:
                self._inbox.finish(db, held)  # nobody wants to send a drill again
            else:
                self._inbox.dead_letter(db, held, reason)
            self._say(db, held, "handler.dead", {**facts, "reason": reason})

        self._record(dead_letter)

    def forgotten(self, held: Delivery) -> None:
        """Not this handler's door: no outcome, only out of hand."""
        self._state.do(lambda db: self._inbox.finish(db, held), durable=False)

    def _record(self, work: Callable[[sqlite3.Connection], None], *, durable: bool = True) -> None:
        self._state.do(work, durable=durable)
        self._producer.publish()

    def _say(self, db: sqlite3.Connection, held: Delivery, outcome: str, facts: Facts) -> None:
        event = held.event
        if event.type.startswith(topics.OUTCOME_TYPES):
            return
        data = {
            "handler": self._name,
            "type": event.type,
            "attempt": event.attempt,
            "redelivered": event.redelivered,
            **facts,
        }
        now = self._state.clock.utc()
        self._producer.journal.append(db, outcome, event.subject, data, time=now, cause=event)


def _cause_of_what_follows(held: Delivery) -> Event:
    """The event; but of a timer nobody else knows, so that what it brings follows from the event that set it."""
    event = held.event
    return replace(event, id=event.cause) if held.is_timer and event.cause else event
