"""The fast path: one connection to the MQTT broker. Only this room uses paho.

It relies on nothing that a broker keeps, but on journals and catch-up: sessions are clean.
"""

import logging
import threading
import time
from contextlib import closing
from functools import partial
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config import Broker
from hub.mqtt.connection import connect_errors, credentials
from hub.mqtt.connection.announced import Announced, announced
from hub.mqtt.connection.client import CONNECT_TIMEOUT_S, WORKED_S, ClientFactory
from hub.mqtt.connection.connection_log import ConnectionLog
from hub.mqtt.connection.served_client import ServedClient
from hub.mqtt.guard import guarded
from hub.mqtt.house_messages import HouseMessages
from hub.mqtt.message import Call, Message, OnPublished, Receive, Subscription, Will
from hub.mqtt.publications import Publications
from hub.mqtt.refusals import Refusals
from hub.mqtt.reminder import Reminder
from hub.mqtt.subscriptions import Subscriptions
from hub.mqtt.unacknowledged import Unacknowledged
from hub.system.backoff import Backoff, Repeater
from hub.wire.event import CONTENT_TYPE
from hub.wire.topics import Topics

__all__ = ["Bus", "Message", "Subscription", "Will"]
log = logging.getLogger(__name__)
DRAIN_S = 1.0
LOOK_S = 2.0


class Bus(HouseMessages):
    """Publishes and receives with QoS 1, where the broker takes it; reconnects for ever.

    It speaks MQTT 5 where the broker does, else 3.1.1; it tries. Callbacks run in the network
    thread and must be short. An exception in one is logged.

    Attributes:
        on_connect: Called after each connection, when all subscriptions have been sent.
        on_published: Called with the number that `publish` gave and whether the broker took it.
            paho holds a lock meanwhile: it must not wait for a thread that may be publishing.
        on_retry: Called when it is time to publish again what the broker refused.
        on_remind: Called now and then where the broker keeps no retained messages: it is time to
            publish again what it should have kept.
        refusals: What the broker refuses now.
        connected: Set while there is a connection.
        announced: What this broker takes.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str | None = None,
        will: Will | None = None,
        user: str = credentials.CLI,
        keep_s: int = 0,
    ) -> None:
        """Prepare.

        Args:
            broker: Where it is.
            client_id: See `hub.mqtt.connection.client_ids`; a random one if not given.
            will: What the broker publishes if this process vanishes.
            user: As whom to log in.
            keep_s: How long the broker keeps for us what comes while we are away (MQTT 5 only).
        """
        super().__init__(Topics(broker.root))
        self._broker = broker
        self._clients = ClientFactory(broker, client_id, user, will, keep_s)
        self._trouble = ConnectionLog(broker.address)
        self._protocol: MQTTProtocolVersion | None = None  # found out at the first connection
        self._client: ServedClient | None = None
        self._awaited = Unacknowledged()
        self._publications = Publications(self._awaited)
        self.refusals = Refusals(broker.address)
        self._subscriptions = Subscriptions(self._awaited, self.refusals)
        self._stopping = threading.Event()
        self._closed = threading.Event()
        self._connected_at = 0.0  # monotonic
        self._reminder = Reminder()
        self._thread = threading.Thread(target=self._stay_connected, name="bus", daemon=True)
        self._retry = Repeater(self._offer_again, first_s=0.2, longest_s=60)
        self.connected = threading.Event()
        self.announced = Announced()
        self.on_connect: list[Call] = []
        self.on_remind = self._reminder.calls
        self.on_retry: list[Call] = []
        self.on_published: OnPublished = lambda _, __: None

    @property
    def protocol(self) -> str:
        """`5.0` or `3.1.1`: what is spoken with this broker."""
        return "5.0" if self._protocol == MQTTProtocolVersion.MQTTv5 else "3.1.1"

    @property
    def address(self) -> str:
        """`host:port` of the broker; of several, those that are tried."""
        return self._here if self.connected.is_set() else self._broker.address

    @property
    def _here(self) -> str:
        """The address of the present connection, or attempt."""
        return str(self._clients.address)

    @property
    def receive_maximum(self) -> int:
        """How many unacknowledged messages this broker takes (MQTT 5, 3.3.4)."""
        return self.announced.receive_maximum

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
            # A socket that is closed over unread bytes is reset, and the broker publishes the will.
            if not self._clients.keep_s:
                self._subscriptions.drain(client, DRAIN_S)
            self._awaited.drain(DRAIN_S)
        self._end()
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
        self._subscriptions.add(topic_filter, receive, qos)

    def unsubscribe(self, topic_filter: str, receive: Receive) -> None:
        """No longer give these topics to `receive`."""
        self._subscriptions.remove(topic_filter, receive)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, content_type: str = CONTENT_TYPE
    ) -> int | None:
        """Hand it over; gives its number for `on_published`, or None without a connection."""
        info = self._publications.send(topic, payload, retain=retain, ContentType=content_type)
        return info.mid if info else None

    def deliver(
        self, topic: str, payload: bytes, *, timeout_s: float, retain: bool = False, **mqtt5: object
    ) -> bool:
        """Publish what no journal keeps, and wait; returns whether the broker took it."""
        return self._publications.deliver(topic, payload, timeout_s, retain=retain, **mqtt5)

    def _stay_connected(self) -> None:
        backoff = Backoff(first_s=0.2, longest_s=10)
        while True:
            self._closed.clear()
            if self._stopping.is_set():
                return
            try:
                self._serve_one_connection()
            except OSError as error:
                self._trouble.failed(error, self._here)
            except Exception:  # whatever paho makes of a broken broker: this thread must outlive it
                log.exception("broker %s: the connection failed", self.address)
            was_connected = self.connected.is_set()
            lasted_s = time.monotonic() - self._connected_at if was_connected else 0.0
            if lasted_s < WORKED_S:  # perhaps it is another broker now, or was too slow to say
                self._protocol = None
            if was_connected and self._clients.is_steady(lasted_s):
                backoff.reset()
            self.connected.clear()
            self._publications.disconnected()
            self._subscriptions.disconnected()
            if self._clients.take_next_address(lasted_s):
                self._stopping.wait(backoff.next_s())

    def _serve_one_connection(self) -> None:
        if self._protocol is None:
            self._protocol = self._clients.find_protocol()
        with closing(self._new_client(self._protocol)) as client:
            self._client = client
            self._clients.connect(client)
            answer_by = time.monotonic() + self._clients.timeout_s
            while client.serve(LOOK_S) and not self._closed.is_set():
                late = "our CONNECT" if time.monotonic() > answer_by else ""
                if lost := self._awaited.overdue() if self.connected.is_set() else late:
                    self._trouble.unacknowledged(lost, self._here)
                    break
                self._reminder.look()
            client.disconnect()

    def _end(self) -> None:
        """End this connection."""
        self._closed.set()
        if self._client:
            self._client.wake()

    def _new_client(self, protocol: MQTTProtocolVersion) -> ServedClient:
        client = self._clients.make_served(protocol)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        client.on_subscribe = self._confirmed
        client.on_message = partial(guarded, self._received)
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
            why = connect_errors.of_login(reason.value, str(reason), self._clients.logged_in_as)
            self._trouble.tell(why, self._here)
            self._end()
            return
        self._trouble.forget()
        self._awaited.clear()
        self.announced = announced(connack)
        self.packet_limit = self.announced.packet_limit
        self.refusals.clear(self._here)
        self._subscriptions.send_all(client, self.announced)
        self._publications.connected(client, self.announced)
        self._reminder.connected(keeps=self.announced.keeps)
        self._connected_at = time.monotonic()
        self.connected.set()
        log.info("connected to the broker at %s with MQTT %s", self.address, self.protocol)
        for call in self.on_connect:
            guarded(call)

    def _confirmed(
        self, client: Client, _: Any, number: int, reasons: list[ReasonCode], __: Properties | None
    ) -> None:
        if client is not self._client:
            return
        if self._subscriptions.confirmed(number, reasons):
            self._retry.ask()

    def _offer_again(self) -> None:
        """Subscribe and publish again what the broker refused."""
        self._subscriptions.send_refused()
        for call in self.on_retry:
            guarded(call)

    def _disconnected(
        self, client: Client, _: Any, __: DisconnectFlags, reason: ReasonCode, *___: object
    ) -> None:
        if client is not self._client:
            return
        if self.connected.is_set() and not self._stopping.is_set():
            self._trouble.lost(str(reason), self._here)
        elif not self._closed.is_set() and not self._stopping.is_set():
            self._trouble.tell(self._clients.hung_up(), self._here)
        self._end()

    def _published(
        self, client: Client, _: Any, number: int, reason: ReasonCode, __: Properties | None
    ) -> None:
        if client is not self._client:
            return
        is_answer = self.announced.qos > 0  # with QoS 0 it has only been sent
        if is_answer and (reason.is_failure or self.refusals):
            topic = self._awaited.answered(number, taken=not reason.is_failure)
            if self.refusals.note("publish", topic, reason.value, str(reason)):
                self._retry.ask()
        guarded(self.on_published, number, not reason.is_failure)

    def _received(self, client: Client, _: Any, message: MQTTMessage) -> None:
        def ack() -> None:
            if client is self._client:
                client.ack(message.mid, message.qos)

        one = Message(message.topic, bytes(message.payload), message.retain, ack, message.dup)
        self._subscriptions.deliver(one)
