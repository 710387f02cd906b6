"""Programs of the fleet under test, and a reader that sees what is in Kafka."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from doorbell_fleet.record import from_record, house_of
from hub.wire.event import Event, decode
from tests.house import ROOT, until

AT_APPEND = {"message.timestamp.type": "LogAppendTime"}  # when the broker has it
PATH = f"{ROOT}{os.pathsep}{ROOT / 'fleet'}"


def start(
    module: str, *arguments: object, log: Path, **environment: str
) -> subprocess.Popen[bytes]:
    """A process of `python -m MODULE`."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": PATH, **environment}
    with log.open("ab") as file:
        return subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, env=variables)


class Read(NamedTuple):
    """What a topic of Kafka holds.

    Attributes:
        events: All, by partition and place.
        first: Each once, where it stands first; by house and stream, epoch and sequence.
        written_ms: When Kafka got it, in Unix milliseconds.
    """

    events: list[Event]
    first: dict[tuple[str, str, int], Event]
    written_ms: dict[tuple[str, str, int], int]

    @property
    def doubled(self) -> int:
        """Records that a reader has to drop."""
        return len(self.events) - len(self.first)

    @property
    def inversions(self) -> int:
        """Events that stand, where they are first, before one with a lower number."""
        return inversions(self.first)


def inversions(keys: Iterable[tuple[str, str, int]]) -> int:
    """How often a number of a stream and epoch is not higher than the one before."""
    last: dict[tuple[str, str], int] = {}
    found = 0
    for stream, epoch, sequence in keys:
        found += sequence < last.get((stream, epoch), 0)
        last[stream, epoch] = sequence
    return found


def make_topic(servers: str, topic: str, partitions: int = 6) -> str:
    """Make a topic, and wait until each of its partitions has a leader."""
    admin = AdminClient({"bootstrap.servers": servers})
    for made in admin.create_topics([NewTopic(topic, partitions, 1, config=AT_APPEND)]).values():
        made.result(30)
    read(servers, topic)
    return topic


def read(servers: str, topic: str) -> Read:
    """Everything that is in a topic now. A Kafka that has just started leads no partition yet."""
    faults: list[str] = []

    def read_all() -> Read | None:
        try:
            return _read(servers, topic)
        except KafkaException as error:
            faults.append(str(error))
            return None

    found: Read = until(read_all, lambda: f"{topic} can be read: {faults[-1]}")
    return found


def _read(servers: str, topic: str) -> Read:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "reader", "log_level": 2})
    try:
        found = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        events: list[tuple[str, Event, int]] = []
        for partition in sorted(found):
            place = TopicPartition(topic, partition, 0)
            low, high = consumer.get_watermark_offsets(place, timeout=20)
            consumer.assign([place])
            while low < high:
                for message in consumer.consume(500, 1.0):
                    if message.error() is None:
                        event = decode(from_record(message.value(), message.headers()))
                        house = house_of(message.key().decode())
                        events.append((house, event, message.timestamp()[1]))
                        low = message.offset() + 1
    finally:
        consumer.close()
    first: dict[tuple[str, str, int], Event] = {}
    written_ms: dict[tuple[str, str, int], int] = {}
    for house, event, at_ms in events:
        key = (f"{house} {event.stream}", event.epoch, event.sequence)
        first.setdefault(key, event)
        written_ms.setdefault(key, at_ms)
    return Read([event for _, event, _ in events], first, written_ms)
