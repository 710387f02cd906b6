"""The outbox: what a group publishes, handed to Kafka in the order of its commits."""

import psycopg
from confluent_kafka import KafkaError, Message, Producer

from doorbell_fleet.produce import produce
from doorbell_fleet.record import to_record

BATCH = 500
DELIVERY_S = 30.0


class UndeliveredError(RuntimeError):
    """Kafka did not take everything in time: it is published again."""


class Outbox:
    """Publishes for all members of a group, one member at a time.

    The rows of a house are numbered under its lock, so their order is that of its commits. What a
    member has handed over when it dies is handed over again: the same number, the same id.
    """

    def __init__(self, db: psycopg.Connection, group: str, servers: str, topic: str) -> None:
        self._db = db
        self._group = group
        self._topic = topic
        self._failed = 0
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "enable.idempotence": True,
                "compression.type": "gzip",  # every client reads it without a plugin
                "linger.ms": 0,
                "message.timeout.ms": int(DELIVERY_S * 1000),
                "log_level": 2,
            }
        )

    def publish(self) -> None:
        """Hand over what waits, unless another member is at it.

        Raises:
            UndeliveredError: Kafka did not take it.
        """
        while self._publish() == BATCH:
            pass

    def _publish(self) -> int:
        with self._db.transaction():
            lock = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 1))"
            if self._db.execute(lock, (self._group,)).fetchone() != (True,):
                return 0
            query = "SELECT position, house, payload FROM doorbell.outbox WHERE grp = %s"
            rows = self._db.execute(
                f"{query} ORDER BY position LIMIT {BATCH}", (self._group,)
            ).fetchall()
            if not rows:
                return 0
            self._hand_over([(house, bytes(payload)) for _, house, payload in rows])
            self._db.execute("SET LOCAL synchronous_commit = off")  # undone, it comes twice
            done = [position for position, _, _ in rows]
            self._db.execute("DELETE FROM doorbell.outbox WHERE position = ANY(%s)", (done,))
        return len(rows)

    def _hand_over(self, events: list[tuple[str, bytes]]) -> None:
        self._failed = 0
        records = (to_record(payload, house) for house, payload in events)
        produce(self._producer, self._topic, records, self._delivered)
        left = self._producer.flush(DELIVERY_S + 1)
        if left or self._failed:
            raise UndeliveredError(f"{left or self._failed} events were not taken by Kafka")

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self._failed += error is not None
