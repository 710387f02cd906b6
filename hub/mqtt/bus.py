"""The fast path: one connection to the MQTT broker. Only this room uses paho.

It relies on nothing that a broker keeps, but on journals and catch-up: sessions are clean.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from config import Broker
from hub.mqtt.connection import credentials
from hub.mqtt.connection.clients.client import ClientFactory
from hub.mqtt.connection.limits import Limits
from hub.mqtt.connection.reconnector import Reconnector
from hub.mqtt.connection.turn import Turn
from hub.mqtt.house_messages import HouseMessages
from hub.mqtt.message import Call, Message, OnPublished, Receive, Will
from hub.mqtt.traffic.traffic import Traffic
from hub.wire.event import CONTENT_TYPE
from hub.wire.topics import Topics

__all__ = ["Bus", "Message", "Will"]


class Bus(HouseMessages):
    """Publishes and receives with QoS 1, where the broker takes it; reconnects for ever.

    It speaks MQTT 5 where the broker does, else 3.1.1; it tries. Callbacks run in the network
    thread, which is whatever thread reads the connection now, and must be short. An exception in
    one is logged.

    Attributes:
        on_connect: Called after each connection, when all subscriptions have been sent.
        on_look: Called every two seconds while there is a connection, and after each attempt to
            make one.
        on_retry: Called when it is time to publish again what the broker refused.
        on_remind: Called now and then where the broker keeps no retained messages: it is time to
            publish again what it should have kept.
        refusals: What the broker refuses now.
        connected: Set while there is a connection.
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
        self._keep_s = keep_s
        self._turn = Turn()
        self._traffic = Traffic(broker.address, self._turn.hand_over)
        clients = ClientFactory(broker, client_id, user, will, keep_s)
        self._connections = Reconnector(clients, broker.address, self._traffic, self._turn)
        self.connected = self._connections.connected
        self.refusals = self._traffic.refusals
        self.on_connect: list[Call] = self._connections.on_connect
        self.on_remind: list[Call] = self._traffic.reminder.calls
        self.on_look: list[Call] = self._traffic.on_look
        self.on_retry: list[Call] = self._traffic.on_retry

    @property
    def on_published(self) -> OnPublished:
        """Called with the number that `publish` gave and whether the broker took it.

        A lock of paho's is held meanwhile: it must not wait for a thread that may be publishing.
        """
        return self._traffic.on_published

    @on_published.setter
    def on_published(self, call: OnPublished) -> None:
        self._traffic.on_published = call

    @property
    def protocol(self) -> str:
        """`5.0` or `3.1.1`: what is spoken with this broker."""
        return self._connections.protocol

    @property
    def address(self) -> str:
        """`host:port` of the broker; of several, those that are tried."""
        return self._connections.address if self.connected.is_set() else self._broker.address

    @property
    def limits(self) -> Limits:
        """What this broker takes."""
        return self._traffic.limits

    @property
    def receive_maximum(self) -> int:
        """How many unacknowledged messages this broker takes (MQTT 5, 3.3.4)."""
        return self.limits.receive_maximum

    @property
    def absence(self) -> str:
        """Why there is no connection, for people."""
        return self._connections.log.absence

    @property
    def has_reason(self) -> bool:
        """Whether more is known than that no broker answers: it refuses us, or has no address."""
        return self._connections.log.has_reason

    def start(self) -> None:
        """Begin to connect, and keep at it. Does not wait."""
        self._connections.start()

    def stop(self) -> None:
        """Say good-bye to the broker, so that it keeps the last will to itself."""
        self._connections.stop(partial(self._traffic.drain, is_kept=self._keep_s > 0))

    def wait(self, seconds: float, is_done: Callable[[], bool]) -> None:
        """Wait until this is so, or for so long, in the one thread that handles what arrives.

        It reads meanwhile, so callbacks may run in it.
        """
        self._turn.wait(seconds, is_done)

    def end_wait(self) -> None:
        """Have `wait` look whether it is so. May be called from any thread."""
        self._turn.wake_waiter()

    def rest(self, seconds: float) -> None:
        """In the same thread: sleep, and read what comes meanwhile afterwards, if it reads."""
        self._turn.rest(seconds)

    def pause(self, seconds: float) -> None:
        """In a callback: if the bus's thread reads, it reads on only after so long, and more."""
        self._turn.pause(seconds)

    def subscribe(
        self, topic_filter: str, receive: Receive, *, qos: int = 1, own: bool = True
    ) -> None:
        """Have messages of these topics given to `receive`, now and after each reconnect.

        Args:
            topic_filter: With the wildcards of MQTT.
            receive: Called in the network thread.
            qos: 1 for what the broker keeps until it is acknowledged; 0 for what is repeated if it
                gets lost, so that it need not queue behind events that wait for a slow handler.
            own: False where what this process itself publishes need not come back. It may.
        """
        self._traffic.subscriptions.add(topic_filter, receive, qos, own=own)

    def unsubscribe(self, topic_filter: str, receive: Receive) -> None:
        """No longer give these topics to `receive`."""
        self._traffic.subscriptions.remove(topic_filter, receive)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, content_type: str = CONTENT_TYPE
    ) -> int | None:
        """Hand it over; gives its number for `on_published`, or None without a connection."""
        send = self._traffic.publications.send
        info = send(topic, payload, retain=retain, ContentType=content_type)
        return info.mid if info else None

    def together(self) -> AbstractContextManager[None]:
        """What this thread publishes meanwhile may leave in one piece, at the end."""
        return self._traffic.publications.together()

    def deliver(
        self, topic: str, payload: bytes, *, timeout_s: float, retain: bool = False, **mqtt5: object
    ) -> bool:
        """Publish what no journal keeps, and wait; returns whether the broker took it."""
        deliver = self._traffic.publications.deliver
        return deliver(topic, payload, timeout_s, retain=retain, **mqtt5)
