"""What a connection listens to: kept over reconnects, and sent again in each connection."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from paho.mqtt.client import Client, topic_matches_sub
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.mqtt.connection.limits import Limits
from hub.mqtt.guard import guarded
from hub.mqtt.message import Message, Receive, Subscription
from hub.mqtt.traffic.refusals import Refusals
from hub.mqtt.traffic.unacknowledged import Unacknowledged

FRAME_BYTES = 16  # of a SUBSCRIBE beside its filters (MQTT 5, 3.8)
TOPICS = 1000  # whose receivers are remembered: anybody may publish to new ones
FILTER_BYTES = 3  # beside each filter: its length and its options


class Subscriptions:
    """The filters and their receivers. Safe to use from several threads."""

    def __init__(
        self, awaited: Unacknowledged, refusals: Refusals, retry: Callable[[], None]
    ) -> None:
        """Prepare; `retry` is called when something has to be offered or told again."""
        self._awaited = awaited
        self._refusals = refusals
        self._retry = retry
        self._all: list[Subscription] = []
        self._receivers: dict[str, tuple[Receive, ...]] = {}  # of topics that came since a change
        self._client: Client | None = None  # while there is a connection
        self._limits = Limits()
        self._lock = threading.Lock()

    def add(self, topic_filter: str, receive: Receive, qos: int, *, own: bool = True) -> None:
        """Keep one more, and send it if there is a connection."""
        with self._lock:
            self._all.append(Subscription(topic_filter, receive, qos, own))
            self._receivers = {}
            self._send(self._all[-1:])

    def remove(self, topic_filter: str, receive: Receive) -> None:
        """Forget one, and unsubscribe if nothing else wants its filter."""
        unwanted = topic_filter, receive
        with self._lock:
            self._all = [one for one in self._all if (one.topic_filter, one.receive) != unwanted]
            self._receivers = {}
            if self._client and all(one.topic_filter != topic_filter for one in self._all):
                self._client.unsubscribe(topic_filter)
                self._refusals.forget(topic_filter)

    def send_all(self, client: Client, limits: Limits) -> None:
        """A new connection: send all of them."""
        with self._lock:
            self._client, self._limits = client, limits
            self._send(self._all)

    def send_refused(self) -> None:
        """Send those again that the broker refuses."""
        refused = self._refusals.unheard()
        with self._lock:
            self._send([one for one in self._all if one.topic_filter in refused])

    def disconnected(self) -> None:
        """The connection is gone: keep what comes until there is another one."""
        with self._lock:
            self._client = None

    def confirmed(self, number: int, reasons: Sequence[ReasonCode]) -> None:
        """Note the answer to the packet of that number; see `Refusals.note`.

        paho holds a lock meanwhile, for which a thread that sends may have to wait: nothing here
        waits for that one.
        """
        self._note(self._awaited.confirmed(number, reasons), reasons)

    def filters(self) -> list[str]:
        """Each filter once."""
        with self._lock:
            return list(dict.fromkeys(one.topic_filter for one in self._all))

    def drain(self, client: Client, patience_s: float) -> None:
        """Before the end of a connection: cancel all, and wait until nothing comes any more."""
        parts = list(_packets(self.filters(), self._limits.packet_limit))
        answers = threading.Semaphore(0)
        client.on_unsubscribe = lambda *_: answers.release()
        for part in parts:
            client.unsubscribe(part)
        deadline = time.monotonic() + patience_s
        for _ in parts:
            answers.acquire(timeout=max(0.0, deadline - time.monotonic()))

    def deliver(self, message: Message) -> None:
        """Give a message to each receiver of its topic once; without one, acknowledge it."""
        known = self._receivers  # another thread may begin a new one
        receivers = known.get(message.topic)
        if receivers is None:
            receivers = self._of(message.topic)
            if len(known) < TOPICS:
                known[message.topic] = receivers
        for receive in receivers:
            guarded(_give, receive, message)
        if not receivers:
            message.ack()

    def _of(self, topic: str) -> tuple[Receive, ...]:
        """Who receives it, each once: paho takes its time to find that out."""
        found = [one.receive for one in self._all if topic_matches_sub(one.topic_filter, topic)]
        return tuple(dict.fromkeys(found))

    def _send(self, wanted: Sequence[Subscription]) -> None:
        if self._client is None or not wanted:
            return
        five = self._client.protocol == MQTTProtocolVersion.MQTTv5
        options = {one.topic_filter: self._options(one, five=five) for one in wanted}
        for part in _packets(options, self._limits.packet_limit):
            _, number = self._client.subscribe([(name, options[name]) for name in part])
            if number is not None and (reasons := self._awaited.subscribed(number, part)):
                self._note(part, reasons)

    def _options(self, one: Subscription, *, five: bool) -> Any:
        """How this is subscribed to, as paho takes it (MQTT 5, 3.8.3.1)."""
        qos = min(one.qos, self._limits.qos)
        return SubscribeOptions(qos=qos, noLocal=not one.own) if five else qos

    def _note(self, filters: Sequence[str], reasons: Sequence[ReasonCode]) -> None:
        is_news = False
        for name, reason in zip(filters, reasons, strict=False):
            is_news |= self._refusals.note("listen", name, reason.value, str(reason))
        if is_news:
            self._retry()


def fits(topic_filter: str, topic: str) -> bool:
    """Whether a filter matches a topic (MQTT 5, 4.7)."""
    return topic_matches_sub(topic_filter, topic)


def _give(receive: Receive, message: Message) -> None:
    """Give it to one receiver; acknowledge it if that fails.

    The broker does not send it again in this connection, and sends nothing more when as many are
    not acknowledged as it may leave so (MQTT 5, 3.3.4).
    """
    try:
        receive(message)
    except Exception:
        message.ack()
        raise


def _packets(filters: Iterable[str], limit: int) -> Iterator[list[str]]:
    """The filters in as many parts as packets of this size need."""
    part: list[str] = []
    size = FRAME_BYTES
    for name in filters:
        needed = len(name.encode()) + FILTER_BYTES
        if part and size + needed > limit:
            yield part
            part, size = [], FRAME_BYTES
        part.append(name)
        size += needed
    if part:
        yield part
