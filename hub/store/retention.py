"""What of a journal may go: what is old, or too much, and what no consumer still needs."""

import logging
from collections.abc import Iterable
from itertools import islice
from typing import Any

from config import JournalSettings as Limits
from hub.store.database import State
from hub.wire import streams
from hub.wire.query import Head

log = logging.getLogger(__name__)
DAY_S = 86_400.0
HOUR_S = 3600.0
BATCH = 500  # events removed in one transaction: a press must not wait for a big one
MANY = 10**15  # beyond every sequence
Stays = dict[tuple[str, str], int]  # by stream and epoch, the first sequence that must stay


class Retention:
    """Keeps a journal from growing for ever, and never takes from it what a known consumer has yet to get.

    A consumer is known by its questions: each says how far it has come. Who has not asked for
    `forget_consumers_days` is no longer waited for.
    """

    def __init__(self, state: State, limits: Limits) -> None:
        self._state, self._limits = state, limits
        self._due_s = 0.0  # on the clock that never jumps

    def note(self, consumer: str, owed: Iterable[Head]) -> None:
        """How far a consumer has come, by what it is still owed. Written when it changes, and once an hour."""
        now = self._state.clock.unix_s()
        heads = list(owed)
        with self._state.read() as db:
            known = {
                (stream, epoch): (sequence, heard)
                for stream, epoch, sequence, heard in db.execute(
                    "SELECT stream, epoch, sequence, heard FROM consumer WHERE name = ?",
                    (consumer,),
                )
            }
        news = [
            (consumer, head.stream, head.epoch, head.after, now)
            for head in heads
            if (was := known.get((head.stream, head.epoch))) is None
            or was[0] != head.after
            or now - was[1] > HOUR_S
        ]
        if news:
            insert = "INSERT OR REPLACE INTO consumer VALUES (?, ?, ?, ?, ?)"
            self._state.do(lambda db: db.executemany(insert, news), durable=False)

    def consumers(self) -> set[str]:
        """Who is waited for."""
        since = self._state.clock.unix_s() - self._limits.forget_consumers_days * DAY_S
        with self._state.read() as db:
            return {
                name
                for (name,) in db.execute(
                    "SELECT DISTINCT name FROM consumer WHERE heard > ?", (since,)
                )
            }

    def sweep(self) -> int:
        """Remove what may go, once an hour at most; gives how many events went.

        With a wall clock that cannot be believed nothing is called old.
        """
        clock = self._state.clock
        if clock.uptime_s() < self._due_s:
            return 0
        self._due_s = clock.uptime_s() + HOUR_S
        gone = 0
        self._forget_empty()
        if clock.is_synchronised():
            gone += self._remove(
                self._stays(older_than=clock.unix_s() - self._limits.keep_days * DAY_S)
            )
        if self._size() > self._limits.max_mb * 1_000_000:
            gone += self._shrink(self._stays())
        if gone:
            log.info(
                "%d events left the journal: older than %g days, or too many",
                gone,
                self._limits.keep_days,
            )
        return gone

    def _forget_empty(self) -> None:
        """An old numbering of which nothing is left: each boot begins a new one."""
        empty = (
            "NOT EXISTS (SELECT 1 FROM journal WHERE stream = head.stream AND epoch = head.epoch)"
        )
        no_head = "NOT EXISTS (SELECT 1 FROM head WHERE stream = consumer.stream AND epoch = consumer.epoch)"
        with self._state.write(durable=False) as db:
            db.execute(f"DELETE FROM head WHERE epoch <> ? AND {empty}", (self._state.epoch,))  # noqa: S608
            before = self._forgotten_before()
            db.execute(f"DELETE FROM consumer WHERE heard < ? AND {no_head}", (before,))  # noqa: S608

    def _stays(self, older_than: float | None = None) -> Stays:
        """From where on each numbering stays: only its beginning may go, because a consumer takes numbers in order.

        Kept is what no broker has acknowledged, what a known consumer has yet to get (all of a numbering that has
        begun since it last asked), and, with a time, what is not older or has no time that can be believed.
        """
        young = "published = 0"
        values: tuple[float, ...] = ()
        if older_than is not None:
            young += " OR time >= ? OR NOT synchronised"
            values = (older_than,)
        group = "SELECT stream, epoch, MIN(sequence) FROM journal"
        with self._state.read() as db:
            stays = {
                (stream, epoch): MANY
                for stream, epoch, _ in db.execute(f"{group} GROUP BY stream, epoch")
            }
            query = f"{group} WHERE {young} GROUP BY stream, epoch"
            kept = {(stream, epoch): first for stream, epoch, first in db.execute(query, values)}
            known = db.execute(
                "SELECT name, stream, epoch, sequence FROM consumer WHERE heard > ?",
                (self._forgotten_before(),),
            ).fetchall()
        has = {(name, stream, epoch): sequence for name, stream, epoch, sequence in known}
        asks = {(name, streams.type_of(stream)) for name, stream, _, _ in known}
        for (stream, epoch), first in stays.items():
            needed = [
                has.get((name, stream, epoch), 0) + 1
                for name, kind in asks
                if kind == streams.type_of(stream)
            ]
            stays[stream, epoch] = min([first, kept.get((stream, epoch), MANY), *needed])
        return stays

    def _remove(self, stays: Stays) -> int:
        gone = 0
        query = f"SELECT position FROM journal WHERE stream = ? AND epoch = ? AND sequence < ? LIMIT {BATCH}"  # noqa: S608 - a number of ours
        for (stream, epoch), first in stays.items():
            while removed := self._delete(query, (stream, epoch, first)):
                gone += removed
        return gone

    def _shrink(self, stays: Stays) -> int:
        """The oldest go until the rest is small enough, a batch at a time."""
        gone = 0
        while self._size() > self._limits.max_mb * 1_000_000:
            with self._state.read() as db:
                rows = db.execute(
                    "SELECT position, stream, epoch, sequence FROM journal ORDER BY position"
                )
                free = (
                    position
                    for position, stream, epoch, number in rows
                    if number < stays.get((stream, epoch), 0)
                )
                last = list(islice(free, BATCH))
            if not last:
                log.warning(
                    "the journal is larger than max_mb, and a consumer still needs all of it"
                )
                break
            places = ", ".join(map(str, last))
            gone += self._delete(f"SELECT position FROM journal WHERE position IN ({places})", ())  # noqa: S608
        return gone

    def _delete(self, query: str, values: tuple[Any, ...]) -> int:
        with self._state.write(durable=False) as db:
            return db.execute(f"DELETE FROM journal WHERE position IN ({query})", values).rowcount  # noqa: S608

    def _forgotten_before(self) -> float:
        return self._state.clock.unix_s() - self._limits.forget_consumers_days * DAY_S

    def _size(self) -> int:
        with self._state.read() as db:
            (size,) = db.execute("SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM journal").fetchone()
        return int(size)
