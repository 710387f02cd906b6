"""Doors that are simulated: their events straight in Kafka, as a relay writes them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from confluent_kafka import Producer

from doorbell_fleet.record import to_record
from hub.wire.event import Event, encode, uuid7
from hub.wire.trace_context import begin

SOURCE = "doorbell/hub/home"


def press(door: str, sequence: int, epoch: str = "a" * 16) -> Event:
    """One press, now."""
    return Event(
        id=uuid7(),
        type="doorbell.pressed",
        source=SOURCE,
        subject=door,
        time=datetime.now(UTC),
        data={"name": door, "via": "button"},
        sequence=sequence,
        epoch=epoch,
        traceparent=begin(),
    )


class Street:
    """Houses whose doors are pressed one after another.

    Attributes:
        pressed: How many events there are.
    """

    def __init__(self, servers: str, topic: str, houses: int, doors: int = 1) -> None:
        self._topic = topic
        self._places = [(f"house{h}", f"door{d}") for h in range(houses) for d in range(doors)]
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 2,
            }
        )
        self.pressed = 0
        self._order = self._rounds()

    def press(self, count: int, *, a_second: float | None = None, twice_each: int = 0) -> None:
        """Press so many times.

        Args:
            count: How often.
            a_second: How many in a second; as fast as it goes, if not given.
            twice_each: Each so many-th record is written twice, as after a kill of a relay.
        """
        began = time.monotonic()
        for number, (house, door, sequence) in enumerate(islice(self._order, count)):
            record = to_record(encode(press(door, sequence)), house)
            times = 2 if twice_each and number % twice_each == 0 else 1
            for _ in range(times):
                self._producer.produce(
                    self._topic, record.value, record.key, headers=list(record.headers)
                )
            self.pressed += 1
            self._producer.poll(0)
            if a_second and (ahead_s := number / a_second - (time.monotonic() - began)) > 0:
                self._producer.poll(ahead_s)
        assert self._producer.flush(60) == 0

    def _rounds(self) -> Iterator[tuple[str, str, int]]:
        sequence = 0
        while True:
            sequence += 1
            for house, door in self._places:
                yield house, door, sequence
