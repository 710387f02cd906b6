"""What of a journal may go: what is old, or too much, and what no consumer still needs."""

import logging
from collections.abc import Iterable

from config import Journal as Limits
from hub.journal import Head
from hub.state import State

log = logging.getLogger(__name__)
DAY_S = 86_400.0
HOUR_S = 3600.0
BATCH = 500  # events removed in one transaction: a press must not wait for a big one
# What every consumer that we have heard of lately has got, or need not have.
NOT_NEEDED = """published = 1 AND NOT EXISTS (SELECT 1 FROM consumer
    WHERE consumer.topic = journal.topic AND consumer.epoch = journal.epoch
    AND consumer.heard > ? AND consumer.sequence < journal.sequence)"""


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
                (topic, epoch): (sequence, heard)
                for topic, epoch, sequence, heard in db.execute(
                    "SELECT topic, epoch, sequence, heard FROM consumer WHERE name = ?", (consumer,)
                )
            }
        news = [
            (consumer, head.topic, head.epoch, head.after, now)
            for head in heads
            if (was := known.get((head.topic, head.epoch))) is None or was[0] != head.after or now - was[1] > HOUR_S
        ]
        if news:
            insert = "INSERT OR REPLACE INTO consumer VALUES (?, ?, ?, ?, ?)"
            self._state.do(lambda db: db.executemany(insert, news), durable=False)

    def consumers(self) -> set[str]:
        """Who is waited for."""
        since = self._state.clock.unix_s() - self._limits.forget_consumers_days * DAY_S
        with self._state.read() as db:
            return {name for (name,) in db.execute("SELECT DISTINCT name FROM consumer WHERE heard > ?", (since,))}

    def sweep(self) -> int:
        """Remove what may go, once an hour at most; gives how many events went.

        With a wall clock that cannot be believed nothing is called old.
        """
        clock = self._state.clock
        if clock.uptime_s() < self._due_s:
            return 0
        self._due_s = clock.uptime_s() + HOUR_S
        gone = 0
        if clock.is_synchronised():
            gone += self._remove("time < ?", clock.unix_s() - self._limits.keep_days * DAY_S)
        while self._size() > self._limits.max_mb * 1_000_000:
            if (removed := self._remove_oldest()) == 0:
                log.warning("the journal is larger than max_mb, and a consumer still needs all of it")
                break
            gone += removed
        if gone:
            log.info("%d events left the journal: older than %g days, or too many", gone, self._limits.keep_days)
        return gone

    def _remove(self, condition: str, value: float) -> int:
        gone = 0
        query = f"SELECT position FROM journal WHERE {condition} AND {NOT_NEEDED} LIMIT {BATCH}"  # noqa: S608
        while removed := self._delete(query, (value, self._forgotten_before())):
            gone += removed
        return gone

    def _remove_oldest(self) -> int:
        query = f"SELECT position FROM journal WHERE {NOT_NEEDED} ORDER BY position LIMIT {BATCH}"  # noqa: S608
        return self._delete(query, (self._forgotten_before(),))

    def _delete(self, query: str, values: tuple[float, ...]) -> int:
        with self._state.write(durable=False) as db:
            return db.execute(f"DELETE FROM journal WHERE position IN ({query})", values).rowcount  # noqa: S608

    def _forgotten_before(self) -> float:
        return self._state.clock.unix_s() - self._limits.forget_consumers_days * DAY_S

    def _size(self) -> int:
        with self._state.read() as db:
            (size,) = db.execute("SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM journal").fetchone()
        return int(size)
