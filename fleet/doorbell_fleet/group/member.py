"""A member of a group: takes records from its partitions, and runs the handler file for them."""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message

from doorbell_fleet.group.outbox import Outbox, UndeliveredError
from doorbell_fleet.group.records import Claim, GroupRecords
from doorbell_fleet.record import BadRecordError, from_record, house_of
from hub.runtime import BadEvent, HandlerFile, Reaction, Runner, Watchdog, decode, source_of

log = logging.getLogger(__name__)
IDLE_S = 0.2
DUE_S = 0.2  # how often it is looked whether something is due
PUBLISHED = 100  # records after which the outbox is published, though more records are there
GRACE_S = 30.0  # beyond its time limit an act is over in any case


class Member:
    """One process of a group. Kafka's group has the handler's name."""

    def __init__(
        self,
        file: HandlerFile,
        reactions: Mapping[str, Reaction],
        resources: Mapping[Reaction, Any],
        *,
        servers: str,
        topic: str,
        database: str,
        session_s: float,
    ) -> None:
        """Connect.

        Raises:
            psycopg.OperationalError: there is no database.
        """
        longest_s = file.config.timeout_s or max(one.timeout_s for one in reactions.values())
        self._reactions = reactions
        self._since_s = {kind: one.since_s for kind, one in reactions.items()}
        self._records = GroupRecords(database, file.name, longest_s + GRACE_S)
        self._outbox = Outbox(self._records.db, file.name, servers, topic)
        self._runner = Runner(
            source_of("handler", file.name),
            reactions=reactions,
            resources=resources,
            config=file.config,
            records=self._records,
            watchdog=Watchdog(),
        )
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": file.name,
                "auto.offset.reset": "earliest",
                "enable.auto.offset.store": False,  # stored when the outcome is committed
                "auto.commit.interval.ms": 1000,
                "session.timeout.ms": int(session_s * 1000),
                "heartbeat.interval.ms": int(session_s * 300),
                "max.poll.interval.ms": int(max(300.0, 3 * longest_s + session_s) * 1000),
                "partition.assignment.strategy": "cooperative-sticky",
                "fetch.wait.max.ms": 50,
                "topic.metadata.refresh.interval.ms": 5000,
                "log_level": 2,
            }
        )
        self._consumer.subscribe([topic])
        self._look_at = 0.0
        self._unpublished = 0
        self._refused: set[str] = set()
        self.is_stopping = False

    def run(self) -> None:
        """Work until `is_stopping`.

        Raises:
            psycopg.OperationalError: the database is gone.
            UndeliveredError: Kafka takes nothing, or gives nothing for ever.
        """
        while not self.is_stopping:
            self._act_on_what_is_due()
            message = self._consumer.poll(0 if self._unpublished else IDLE_S)
            if message is not None and message.error() is None:
                self._take(message)
                with suppress(KafkaException):  # another member has this partition now
                    self._consumer.store_offsets(message=message)
            elif message is not None and message.error().fatal():
                raise UndeliveredError(message.error().str())
            if message is None or self._unpublished >= PUBLISHED:
                self._outbox.publish()
                self._unpublished = 0

    def stop(self) -> None:
        """End soon; what runs gets a few seconds."""
        self.is_stopping = self._runner.is_stopping = True

    def close(self) -> None:
        """Leave the group, so that the others take over at once."""
        try:
            self._consumer.close()
        except KafkaException as error:
            log.debug("%s", error)
        self._records.close()

    def _take(self, message: Message) -> None:
        headers = message.headers() or []
        kind = dict(headers).get("ce_type", b"").decode(errors="replace")
        if kind and not self._reacts_to(kind):
            return
        try:
            payload = from_record(message.value() or b"", headers)
            event = decode(payload)
            house = house_of((message.key() or b"").decode(errors="replace"))
        except (BadRecordError, BadEvent) as error:
            self._refuse(str(error))
            return
        if not self._reacts_to(event.type) or event.time.timestamp() < self._first_s(event.type):
            return
        age_s = event.age_s()
        if claim := self._records.claim(house, event, payload):
            self._act(claim, {"received_after_ms": round(age_s * 1000, 3)})

    def _reacts_to(self, kind: str) -> bool:
        return kind in self._reactions or "*" in self._reactions

    def _first_s(self, kind: str) -> float:
        """From which Unix second on a new group reacts to this type, as a new handler at home."""
        return self._records.began_s - self._since_s.get(kind, self._since_s.get("*", 0.0))

    def _act_on_what_is_due(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        claim = self._records.take_due()
        self._look_at = now if claim else now + DUE_S
        if claim:
            self._act(claim, {})

    def _act(self, claim: Claim, facts: Mapping[str, Any]) -> None:
        self._unpublished += 1
        with self._records.acting(claim) as is_ours:
            if is_ours:
                self._runner.run(claim.delivery, facts)

    def _refuse(self, reason: str) -> None:
        if reason not in self._refused:
            self._refused.add(reason)
            log.warning("a record is passed over: %s (further ones are not told)", reason)
