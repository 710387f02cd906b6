"""The fast path: one connection to the MQTT broker. Only this room uses paho.

The bus relies on nothing that a broker keeps: the session is clean, what is unsent when a
connection ends is published again from the journal, and a consumer queries what it missed.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config import Broker
from hub.mqtt import connect_errors, credentials
from hub.mqtt.client import CONNECT_TIMEOUT_S, ClientFactory, properties
from hub.mqtt.connection_log import ConnectionLog
from hub.mqtt.guard import guarded
from hub.mqtt.house_messages import HouseMessages
from hub.mqtt.message import Message, Receive, Subscription, Will
from hub.mqtt.subscriptions import Subscriptions, packet
from hub.mqtt.unacknowledged import Unacknowledged
from hub.system.backoff import Backoff
from hub.wire.event import CONTENT_TYPE
from hub.wire.topics import Topics

__all__ = ["Bus", "Message", "Subscription", "Will"]
log = logging.getLogger(__name__)
DRAIN_S = 1.0
LOOK_S = 2.0
UNSPECIFIED = "Unspecified error"  # paho's words for a connection that ends without a reason
UNLIMITED = 65_535  # MQTT 5, 3.2.2.3.3: what holds when the broker says nothing


class Bus(HouseMessages):
    """Publishes and receives with QoS 1; reconnects for ever.

    It speaks MQTT 5 where the broker does, else 3.1.1; it tries. Callbacks run in the network
    thread and must be short. An exception in one is logged.

    Attributes:
        on_connect: Called after each connection, when all subscriptions have been sent.
        on_published: Called with the number that `publish` gave and whether the broker took it.
            paho holds a lock meanwhile: it must not wait for a thread that may be publishing.
        connected: Set while there is a connection.
        receive_maximum: How many unacknowledged messages this broker takes (MQTT 5, 3.3.4).
    """

    def __init__(
        self, broker: Broker, client_id: str, will: Will | None = None, user: str = credentials.CLI
    ) -> None:
        super().__init__(Topics(broker.root))
        self._broker = broker
        self._clients = ClientFactory(broker, client_id, user)
        self._trouble = ConnectionLog(self.address)
        self._will = will
        self._protocol: MQTTProtocolVersion | None = None  # found out at the first connection
        self._client: Client | None = None
        self._subscriptions = Subscriptions()
        self._awaited = Unacknowledged()
        self._subscribing = threading.Lock()
        self._stopping = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._stay_connected, name="bus", daemon=True)
        self.connected = threading.Event()
        self.receive_maximum = UNLIMITED
        self.on_connect: list[Callable[[], None]] = []
        self.on_published: Callable[[int, bool], None] = lambda _, __: None

    @property
    def protocol(self) -> str:
        """`5.0` or `3.1.1`: what is spoken with this broker."""
        return "5.0" if self._protocol == MQTTProtocolVersion.MQTTv5 else "3.1.1"

    @property
    def address(self) -> str:
        """`host:port` of the broker."""
        return f"{self._broker.host or '127.0.0.1'}:{self._broker.port}"

    @property
    def absence(self) -> str:
        """Why there is no connection, for people."""
        return self._trouble.absence

    @property
    def is_refused(self) -> bool:
        """Whether there is a broker, and it or this process refuses the other."""
        return self._trouble.is_refused

    def start(self) -> None:
        """Begin to connect, and keep at it. Does not wait."""
        self._thread.start()

    def stop(self) -> None:
        """Say good-bye to the broker, so that it keeps the last will to itself."""
        self._stopping.set()
        if (client := self._client) and self.connected.is_set():
            self._drain(client)
            client.disconnect()
        self._closed.set()
        if self._thread.ident:
            self._thread.join(CONNECT_TIMEOUT_S)

    def subscribe(self, topic_filter: str, receive: Receive, *, qos: int = 1) -> None:
        """Have messages of these topics given to `receive`, now and after each reconnect.

        Args:
            topic_filter: With the wildcards of MQTT.
            receive: Called in the network thread.
            qos: 1 for what the broker keeps until it is acknowledged; 0 for what is repeated if it
                gets lost, so that it need not queue behind events that wait for a slow handler.
        """
        with self._subscribing:
            added = self._subscriptions.add(topic_filter, receive, qos)
            if self.connected.is_set() and (client := self._client):
                self._send_subscriptions(client, added)

    def unsubscribe(self, topic_filter: str, receive: Receive) -> None:
        """No longer give these topics to `receive`."""
        with self._subscribing:
            is_unwanted = self._subscriptions.remove(topic_filter, receive)
            if is_unwanted and (client := self._client):
                client.unsubscribe(topic_filter)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, content_type: str = CONTENT_TYPE
    ) -> int | None:
        """Hand a message to the network thread; None when there is no connection.

        Returns:
            The number by which `on_published` will name it, within this connection.
        """
        client = self._client
        if client is None or not self.connected.is_set():
            return None
        mqtt5 = None
        if self._protocol == MQTTProtocolVersion.MQTTv5 and payload:
            mqtt5 = properties(PacketTypes.PUBLISH, ContentType=content_type)
        info = client.publish(topic, payload, qos=1, retain=retain, properties=mqtt5)
        if info.rc != 0:
            return None
        self._awaited.published(info)
        return info.mid

    def deliver(self, topic: str, payload: bytes, *, timeout_s: float) -> bool:
        """Publish what no journal keeps, and wait; returns whether the broker acknowledged it."""
        client = self._client
        if client is None or not self.connected.is_set():
            return False
        info = client.publish(topic, payload, qos=1)
        with suppress(RuntimeError, ValueError):
            info.wait_for_publish(timeout_s)
        return info.rc == 0 and info.is_published()

    def _stay_connected(self) -> None:
        backoff = Backoff(first_s=0.2, longest_s=10)
        while True:
            self._closed.clear()
            if self._stopping.is_set():
                return
            try:
                self._serve_one_connection()
            except OSError as error:
                is_refusal = isinstance(error, connect_errors.RefusedError)
                self._trouble.tell(str(error), logging.ERROR if is_refusal else logging.INFO)
            except Exception:  # whatever paho makes of a broken broker: this thread must outlive it
                log.exception("broker %s: the connection failed", self.address)
            if self.connected.is_set():
                backoff.reset()
            else:
                self._protocol = None  # perhaps it is another broker now
            self.connected.clear()
            self._stopping.wait(backoff.next_s())

    def _serve_one_connection(self) -> None:
        if self._protocol is None:
            self._protocol = self._clients.find_protocol()
        client = self._client = self._new_client(self._protocol)
        self._clients.connect(client)
        client.loop_start()
        answer_by = time.monotonic() + CONNECT_TIMEOUT_S
        while not self._closed.wait(LOOK_S):
            late = "our CONNECT" if time.monotonic() > answer_by else ""
            if lost := self._awaited.overdue() if self.connected.is_set() else late:
                log.warning(
                    "broker %s has not acknowledged %s: connecting anew", self.address, lost
                )
                break
        client.disconnect()
        client.loop_stop()

    def _drain(self, client: Client) -> None:
        """Wait until nothing is under way.

        A socket that is closed over unread bytes is reset, and the broker publishes the last will.
        """
        quiet = threading.Event()
        client.on_unsubscribe = lambda *_: quiet.set()
        with self._subscribing:
            filters = self._subscriptions.filters()
        if filters:
            client.unsubscribe(filters)
            quiet.wait(DRAIN_S)
        self._awaited.drain(DRAIN_S)

    def _new_client(self, protocol: MQTTProtocolVersion) -> Client:
        client = self._clients.make(protocol)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        client.on_subscribe = self._confirmed
        client.on_message = self._received
        if self._will:
            client.will_set(self._will.topic, self._will.payload, qos=1, retain=True)
        return client

    def _connected(
        self,
        client: Client,
        _: Any,
        __: ConnectFlags,
        reason: ReasonCode,
        connack: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._trouble.tell(
                connect_errors.of_login(reason.value, str(reason), self._clients.logged_in_as)
            )
            self._closed.set()
            return
        self._trouble.forget()
        self._awaited.clear()
        self.receive_maximum = getattr(connack, "ReceiveMaximum", UNLIMITED)
        with self._subscribing:
            self._send_subscriptions(client, self._subscriptions.all())
            self.connected.set()
        log.info("connected to the broker at %s with MQTT %s", self.address, self.protocol)
        for call in self.on_connect:
            guarded(call)

    def _send_subscriptions(self, client: Client, subscriptions: Sequence[Subscription]) -> None:
        five = self._protocol == MQTTProtocolVersion.MQTTv5
        if wanted := packet(subscriptions, five=five):
            _, number = client.subscribe(wanted)
            if number is not None:
                self._awaited.subscribed(number, [name for name, _ in wanted])

    def _confirmed(
        self, client: Client, _: Any, number: int, reasons: list[ReasonCode], __: Properties | None
    ) -> None:
        if client is not self._client:
            return
        with self._subscribing:  # it may come before the number is noted
            filters = self._awaited.confirmed(number)
        for name, reason in zip(filters, reasons, strict=False):
            if reason.is_failure:
                log.error(
                    "broker %s refuses that we listen to %s: %s. Check its ACL",
                    self.address,
                    name,
                    reason,
                )

    def _disconnected(
        self, client: Client, _: Any, __: DisconnectFlags, reason: ReasonCode, *___: object
    ) -> None:
        if client is not self._client:
            return
        if self.connected.is_set() and not self._stopping.is_set():
            why = "it closed the connection" if str(reason) == UNSPECIFIED else reason
            log.warning("lost the broker at %s: %s", self.address, why)
        elif not self._closed.is_set() and not self._stopping.is_set():
            self._trouble.tell(connect_errors.HUNG_UP)
        self._closed.set()

    def _published(
        self, client: Client, _: Any, number: int, reason: ReasonCode, __: Properties | None
    ) -> None:
        if client is not self._client:
            return
        if reason.is_failure:
            log.error("broker %s refuses what we publish: %s. Check its ACL", self.address, reason)
        guarded(self.on_published, number, not reason.is_failure)

    def _received(self, client: Client, _: Any, message: MQTTMessage) -> None:
        guarded(self._hand_on, client, message)

    def _hand_on(self, client: Client, message: MQTTMessage) -> None:
        def ack() -> None:
            if client is self._client:
                client.ack(message.mid, message.qos)

        received = Message(message.topic, bytes(message.payload), message.retain, ack)
        self._subscriptions.deliver(received)
