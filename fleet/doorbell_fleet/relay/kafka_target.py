"""Kafka as a target: an idempotent producer, which never gives up."""

import logging
from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from doorbell_fleet.produce import produce
from doorbell_fleet.record import Record
from doorbell_fleet.relay.target import TargetError

log = logging.getLogger(__name__)
FLUSH_S = 1.0


class KafkaTarget:
    """Writes to one topic.

    An idempotent producer keeps the order and writes nothing twice as long as it lives. After a
    kill the new one begins with the first record that the dead one did not finish, so of what is
    read for the first time the order holds.
    """

    def __init__(self, servers: str, topic: str) -> None:
        self._topic = topic
        self._fault = ""
        self._failed: list[str] = []
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "enable.idempotence": True,  # acks=all, in order, and no copy from a retry
                "message.timeout.ms": 0,  # for ever: a record that is given up is lost
                "linger.ms": 2,
                "compression.type": "gzip",  # every client reads it without a plugin
                "reconnect.backoff.max.ms": 1000,
                "client.id": "doorbell-relay",
                "error_cb": self._note,
                "logger": log,
            }
        )

    @property
    def fault(self) -> str:
        """See Target."""
        return self._fault

    def send(self, records: Sequence[Record]) -> None:
        """See Target."""
        produce(self._producer, self._topic, records, self._delivered)
        while self._producer.flush(FLUSH_S) and not self._failed:
            pass
        if self._failed:
            raise TargetError(f"Kafka takes no more from this producer: {self._failed[0]}")
        self._fault = ""

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error:
            self._failed.append(error.str())

    def _note(self, error: Any) -> None:
        """Librdkafka tells of connections; it makes them again by itself unless that is fatal."""
        self._fault = error.str()
        if error.fatal():
            self._failed.append(error.str())
