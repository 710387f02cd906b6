"""The state of a group in PostgreSQL: inbox, memory, timers and outbox in one transaction."""

from collections.abc import Container, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import psycopg

from doorbell_fleet.group.attempt import TIMER, GroupAttempt, Place, following
from doorbell_fleet.group.tables import prepare
from hub.runtime import (
    OUTCOME_TYPES,
    Delivery,
    Event,
    Facts,
    decode,
    encode,
    source_of,
    stream_of,
)

KEY = "grp = %(grp)s AND house = %(house)s AND stream = %(stream)s AND epoch = %(epoch)s"
ROW = f"{KEY} AND sequence = %(sequence)s"
TAKE = """
WITH taken AS (
    INSERT INTO doorbell.cursor AS known (grp, house, stream, epoch, sequence)
    VALUES (%(grp)s, %(house)s, %(stream)s, %(epoch)s, %(sequence)s)
    ON CONFLICT (grp, house, stream, epoch)
    DO UPDATE SET sequence = EXCLUDED.sequence, moved = now()
    WHERE known.sequence < EXCLUDED.sequence RETURNING 1)
INSERT INTO doorbell.inbox (grp, house, stream, epoch, sequence, state, attempts, due, payload)
SELECT %(grp)s, %(house)s, %(stream)s, %(epoch)s, %(sequence)s, 'trying', 1,
    now() + %(lease)s, %(payload)s FROM taken RETURNING attempts, crashes
"""
TAKE_AGAIN = (
    "UPDATE doorbell.inbox SET attempts = attempts + 1, crashes = crashes + 1,"
    f" due = now() + %(lease)s WHERE {ROW} AND state = 'trying' RETURNING attempts, crashes"
)
TAKE_DUE = """
UPDATE doorbell.inbox SET attempts = attempts + 1, state = 'trying', due = now() + %(lease)s,
    crashes = crashes + CASE WHEN state = 'trying' THEN 1 ELSE 0 END
WHERE (grp, house, stream, epoch, sequence) = (
    SELECT grp, house, stream, epoch, sequence FROM doorbell.inbox
    WHERE grp = %(grp)s AND due <= now() ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING house, stream, epoch, sequence, attempts, crashes, payload
"""
HELD = f"SELECT 1 FROM doorbell.inbox WHERE {ROW} AND attempts = %(attempts)s FOR UPDATE"
NUMBER = (
    "INSERT INTO doorbell.head VALUES (%s, %s, %s, 1) ON CONFLICT (grp, house, stream)"
    " DO UPDATE SET sequence = head.sequence + 1 RETURNING sequence"
)
KEEPALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
Values = dict[str, Any]


class Claim(NamedTuple):
    """An event in hand, of one house."""

    house: str
    delivery: Delivery

    def row(self, group: str) -> Values:
        """The key of its row, and which attempt it is."""
        held = self.delivery
        key = {"stream": held.stream, "epoch": held.epoch, "sequence": held.sequence}
        return {"grp": group, "house": self.house, "attempts": held.event.attempt, **key}


class GroupRecords:
    """See `hub.runtime.Records`. Its methods write in the transaction that `acting` has opened."""

    def __init__(self, url: str, name: str, lease_s: float) -> None:
        """Connect.

        Args:
            url: Of the database.
            name: Of the handler, which is the group.
            lease_s: How long a member may have an event in hand before another takes it over.

        Raises:
            psycopg.OperationalError: there is no connection.
        """
        self._url = url
        self.db = _connect(url)
        self._side: psycopg.Connection | None = None
        self._group = name
        self._source = source_of("handler", name)
        self._lease = timedelta(seconds=lease_s)
        self._house = ""
        self._epoch, self.began_s = prepare(self.db, name)

    def close(self) -> None:
        """Close the connections."""
        self.db.close()
        if self._side:
            self._side.close()

    def claim(self, house: str, event: Event, payload: bytes) -> Claim | None:
        """Take an event in hand; None when it was taken before, by whichever member.

        If Kafka delivers one again that is still in hand, the member that had it is gone.
        """
        held = Delivery(event.stream, event.epoch, event.sequence, event)
        values = Claim(house, held).row(self._group) | {"lease": self._lease, "payload": payload}
        row = self.db.execute(TAKE, values).fetchone()
        row = row or self.db.execute(TAKE_AGAIN, values).fetchone()
        return Claim(house, _counted(held, *row)) if row else None

    def take_due(self) -> Claim | None:
        """Take in hand what waits for its time: a retry, a timer, or what a member left behind."""
        values = {"grp": self._group, "lease": self._lease}
        row = self.db.execute(TAKE_DUE, values).fetchone()
        if row is None:
            return None
        house, stream, epoch, sequence, attempts, crashes, payload = row
        is_timer = stream.startswith(f"{TIMER} ")
        held = Delivery(stream, epoch, sequence, decode(bytes(payload)), is_timer=is_timer)
        return Claim(house, _counted(held, attempts, crashes))

    @contextmanager
    def acting(self, claim: Claim) -> Iterator[bool]:
        """The transaction of act and outcome, alone in this house.

        What a handler remembers belongs to the house, so two events of it are never handled at
        once, whatever a rebalance does. It gives whether the event is still in this member's hand.
        """
        with self.db.transaction():
            lock = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
            self.db.execute(lock, (f"{self._group} {claim.house}",))
            self._house = claim.house
            yield self.db.execute(HELD, claim.row(self._group)).fetchone() is not None

    def begin(self, event: Event, reacts_to: Container[str]) -> GroupAttempt:
        """See Records."""
        place = Place(self._group, self._house)
        return GroupAttempt(
            event,
            self._source,
            place,
            db=self.db,
            side=self._second,
            reacts_to=reacts_to,
        )

    def sync(self) -> None:
        """See Records: each claim is synced when it is committed."""

    def together(self) -> AbstractContextManager[None]:
        """See Records: each has a transaction of its own."""
        return nullcontext()

    def done(self, delivery: Delivery, facts: Facts, attempt: Any, *, quiet: bool = False) -> None:
        """See Records."""
        attempt.write(self.db)
        self._set(delivery, "DELETE FROM doorbell.inbox")
        cause = delivery.event
        if delivery.is_timer and cause.cause:
            cause = replace(cause, id=cause.cause)  # nobody else knows the timer
        for kind, subject, data in attempt.emitted:
            self._append(kind, subject, data, cause)
        if not quiet:
            self._tell(delivery, "handler.done", facts)

    def skipped(self, delivery: Delivery, reason: str) -> None:
        """See Records."""
        self._set(delivery, "DELETE FROM doorbell.inbox")
        self._tell(delivery, "handler.skipped", {"reason": reason})

    def retried(
        self, delivery: Delivery, facts: Facts, reason: str, wait_s: float, *, counts: bool = True
    ) -> None:
        """See Records."""
        self._wait(delivery, wait_s, attempts=delivery.event.attempt - (0 if counts else 1))
        again = {"reason": reason, "again_in_s": round(wait_s, 3)}
        self._tell(delivery, "handler.retried", {**facts, **again})

    def release(self, delivery: Delivery, facts: Facts) -> None:
        """See Records."""
        self._wait(delivery, 0.0, attempts=delivery.event.attempt - 1, crashes=1)
        again = {"reason": "stopped while it ran", "again_in_s": 0}
        self._tell(delivery, "handler.retried", {**facts, **again})

    def dead(self, delivery: Delivery, facts: Facts, reason: str) -> None:
        """See Records."""
        if delivery.event.is_drill:
            self._set(delivery, "DELETE FROM doorbell.inbox")
        else:
            dead = "UPDATE doorbell.inbox SET state = 'dead', due = NULL, reason = %(reason)s"
            self._set(delivery, dead, reason=reason)
        self._tell(delivery, "handler.dead", {**facts, "reason": reason})

    def ignored(self, delivery: Delivery) -> None:
        """See Records."""
        self._set(delivery, "DELETE FROM doorbell.inbox")

    def _wait(self, delivery: Delivery, wait_s: float, *, attempts: int, crashes: int = 0) -> None:
        waiting = (
            "UPDATE doorbell.inbox SET state = 'waiting', due = now() + %(wait)s,"
            " attempts = %(left)s, crashes = crashes + %(crashes)s"
        )
        wait = timedelta(seconds=wait_s)
        self._set(delivery, waiting, wait=wait, left=attempts, crashes=crashes)

    def _set(self, delivery: Delivery, statement: str, **values: Any) -> None:
        row = Claim(self._house, delivery).row(self._group)
        self.db.execute(f"{statement} WHERE {ROW}", row | values)

    def _tell(self, delivery: Delivery, outcome: str, facts: Facts) -> None:
        event = delivery.event
        if not event.type.startswith(OUTCOME_TYPES):
            about = {"handler": self._group, "type": event.type, "attempt": event.attempt}
            data = {**about, "redelivered": event.redelivered, **facts}
            self._append(outcome, event.subject, data, event)

    def _append(self, kind: str, subject: str, data: Mapping[str, Any], cause: Event) -> None:
        stream = stream_of(self._source, kind, subject)
        row = self.db.execute(NUMBER, (self._group, self._house, stream)).fetchone()
        number = row[0] if row else 1
        event = following(
            cause, self._source, kind, subject, data, sequence=number, epoch=self._epoch
        )
        add = "INSERT INTO doorbell.outbox (grp, house, payload) VALUES (%s, %s, %s)"
        self.db.execute(add, (self._group, self._house, encode(event)))

    def _second(self) -> psycopg.Connection:
        if self._side is None:
            self._side = _connect(self._url)
        return self._side


def _connect(url: str) -> psycopg.Connection:
    """Connect; the server gives up a member whose machine is gone, and with it the house's lock."""
    return psycopg.connect(url, autocommit=True, connect_timeout=10, options=KEEPALIVE)


def _counted(held: Delivery, attempts: int, crashes: int) -> Delivery:
    event = replace(held.event, attempt=attempts, redelivered=crashes > 0)
    return replace(held, event=event)
