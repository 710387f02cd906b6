"""Hands records to a producer of Kafka."""

from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, Message, Producer

from doorbell_fleet.record import Record

Delivered = Callable[[KafkaError | None, Message], None]


def produce(
    producer: Producer, topic: str, records: Iterable[Record], delivered: Delivered
) -> None:
    """Hand them over, in this order; `delivered` is called for each, while the producer flushes."""
    for record in records:
        producer.produce(
            topic, record.value, record.key, headers=list(record.headers), on_delivery=delivered
        )
