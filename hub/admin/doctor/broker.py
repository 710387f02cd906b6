"""One look at the broker, as the command line's user: its name, speed, and what it keeps."""

import secrets
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from config import Address, Broker
from hub.admin.security.acl import BROKERS_NAME
from hub.mqtt.connection import connect_errors
from hub.mqtt.connection.clients.client import ClientFactory
from hub.mqtt.connection.limits import Limits
from hub.mqtt.traffic.reminder import REMIND_S
from hub.wire import topics
from hub.wire.codec import BadMessage
from hub.wire.retained.quiet import QuietState
from hub.wire.retained.status import Status
from hub.wire.topics import Topics

ANSWER_S = 4.0
UNKEPT_S = REMIND_S + 2  # how long to listen where the broker keeps nothing: a look more
QUIET_S = 0.5  # after such a pause the broker has sent everything that it keeps
STEP_S = 0.05
TAKEN, NOBODY_LISTENS = 0x00, 0x10
SILENT = (
    "it accepts the connection, but does not answer. Does port in [broker] belong to a broker, and "
    "does it hang?"
)


@dataclass
class Seen:
    """What was found out about the broker.

    Attributes:
        protocol: `5.0` or `3.1.1`.
        limits: What it takes.
        version: Its name and version; empty where it does not publish them.
        round_trip_ms: From a subscription to its acknowledgement.
        statuses: The last status of each process, by source (`doorbell/hub/home`).
        quiet: The quiet state of each hub, by its name.
        is_open: Whether the command line may publish below the topics of another process: then
            everybody on this broker may.
        announcements: Each one for Home Assistant, of whatever program.
        listened: Whether anybody listens to a topic; only those that the broker says it of.
    """

    protocol: str
    limits: Limits = field(default_factory=Limits)
    version: str = ""
    round_trip_ms: float = 0.0
    statuses: dict[str, Status] = field(default_factory=dict)
    quiet: dict[str, QuietState] = field(default_factory=dict)
    is_open: bool = False
    announcements: list[bytes] = field(default_factory=list)
    listened: dict[str, bool] = field(default_factory=dict)


def look(
    broker: Broker, address: Address, discovery: str | None = None, probes: Sequence[str] = ()
) -> Seen:
    """Connect, receive what is retained, and disconnect.

    Args:
        broker: Its settings.
        address: One of its addresses.
        discovery: The prefix of Home Assistant's discovery; None: announcements do not matter.
        probes: Topics of which to find out whether anybody listens to them.

    Raises:
        OSError: it cannot be reached, or refuses us; a RefusedError says what to do.
    """
    # First a bare connection: one that is never answered is waited for only once.
    try:
        socket.create_connection((address.host, address.port), ANSWER_S).close()
    except OSError as error:
        raise connect_errors.of_connection(error, address, broker) from error
    clients = ClientFactory(broker)
    clients.address = address
    protocol = clients.find_protocol()
    seen = Seen("5.0" if protocol.name == "MQTTv5" else "3.1.1", clients.limits)
    one = _Look(clients, clients.make(protocol), seen, Topics(broker.root), discovery)
    clients.connect(one.client)
    try:
        one.greet()
        one.listen()
        if seen.protocol == "5.0":
            one.probe(probes)
    finally:
        one.leave()
    return one.seen


class _Look:
    """One connection, without a thread of its own."""

    def __init__(
        self,
        clients: ClientFactory,
        client: Any,
        seen: Seen,
        house: Topics,
        discovery: str | None,
    ) -> None:
        self._clients = clients
        self.client = client
        self.seen = seen
        self._topics = house
        self._announcements = f"{discovery}/device/" if discovery else None
        self._taken: dict[int, int] = {}  # the broker's answer to each of our messages
        self._forbidden = house.status(topics.source("web", f"doctor-{secrets.token_hex(8)}"))
        self._answers: list[Any] = []
        self._granted_at = self._heard_at = 0.0
        client.on_connect = lambda _, __, ___, reason, ____: self._answers.append(reason)
        client.on_subscribe = self._granted
        client.on_message = self._hear
        client.on_publish = lambda _, __, number, reason, ___: self._taken.update(
            {number: reason.value}
        )

    def greet(self) -> None:
        self._wait(lambda: self._answers)
        if (reason := self._answers[0]).is_failure:
            raise connect_errors.RefusedError(self._clients.refusal(reason))

    def listen(self) -> None:
        asked_at = time.monotonic()
        topic_filters = [
            BROKERS_NAME,
            self._topics.status(topics.source("+", "+")),
            self._topics.quiet(topics.source("hub", "+")),
        ]
        if self._announcements:
            topic_filters.append(f"{self._announcements}+/config")
        self.client.subscribe([(one, 0) for one in topic_filters])
        self._wait(lambda: self._granted_at)
        self.seen.round_trip_ms = (self._granted_at - asked_at) * 1000
        self.client.publish(self._forbidden, Status("offline", "stopped").encode())
        patience_s, pause_s = ANSWER_S, QUIET_S
        if not self.seen.limits.keeps:
            patience_s = pause_s = UNKEPT_S
        until = self._granted_at + patience_s
        while time.monotonic() < min(until, self._heard_at + pause_s):
            if self.client.loop(STEP_S):
                break

    def probe(self, probes: Sequence[str]) -> None:
        """Publish nothing to each: MQTT 5 answers whether anybody listens (3.4.2.1)."""
        numbers = {topic: self.client.publish(topic, b"", qos=1).mid for topic in probes}
        deadline = time.monotonic() + ANSWER_S
        while set(numbers.values()) - self._taken.keys() and time.monotonic() < deadline:
            if self.client.loop(STEP_S):
                break  # it hung up, so what it says of the others is not known
        answers = {topic: self._taken.get(number) for topic, number in numbers.items()}
        self.seen.listened = {
            topic: answer == TAKEN
            for topic, answer in answers.items()
            if answer in (TAKEN, NOBODY_LISTENS)
        }

    def leave(self) -> None:
        self.client.disconnect()
        until = time.monotonic() + 1
        while time.monotonic() < until:
            if self.client.loop(STEP_S):
                break  # it has closed its socket

    def _wait(self, done: Callable[[], object]) -> None:
        deadline = time.monotonic() + ANSWER_S
        while not done():
            lost = bool(self.client.loop(STEP_S))
            if lost and not done():
                raise connect_errors.RefusedError(self._clients.hung_up())
            if time.monotonic() > deadline:
                raise connect_errors.RefusedError(SILENT)

    def _granted(self, *_: Any) -> None:
        self._granted_at = self._heard_at = time.monotonic()

    def _hear(self, _: Any, __: Any, message: Any) -> None:
        self._heard_at = time.monotonic()
        try:
            self._note(message.topic, bytes(message.payload))
        except BadMessage:
            return  # a message of an earlier version, or of another program

    def _note(self, topic: str, payload: bytes) -> None:
        if topic == self._forbidden:
            self.seen.is_open = True
            return
        if topic == BROKERS_NAME:
            self.seen.version = payload.decode(errors="replace").strip()[:80]
            return
        if self._announcements and topic.startswith(self._announcements):
            self.seen.announcements.append(payload)
            return
        source = self._topics.source_of(topic)
        if topic == self._topics.status(source):
            self.seen.statuses[source] = Status.decode(payload)
        else:
            self.seen.quiet[topics.name_of(source)] = QuietState.decode(payload)
