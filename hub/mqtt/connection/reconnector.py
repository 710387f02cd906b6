"""Keeps a process connected: makes one connection after another, in a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.mqtt.connection.clients.client import CONNECT_TIMEOUT_S, WORKED_S, ClientFactory
from hub.mqtt.connection.clients.served_client import ServedClient
from hub.mqtt.connection.connection_log import ConnectionLog
from hub.mqtt.connection.limits import Limits, limits_in
from hub.mqtt.connection.turn import Turn
from hub.mqtt.guard import guarded
from hub.system.backoff import Backoff

log = logging.getLogger(__name__)
LOOK_S = 2.0


class ConnectionUser(Protocol):
    """Whoever uses the connections; called in the thread that reads them."""

    def prepare(self, client: ServedClient) -> None:
        """Take the messages and acknowledgements of a client that is not connected yet."""

    def begin(self, client: ServedClient, limits: Limits, address: str) -> None:
        """There is a connection to the broker at this address, which has these limits."""

    def look(self) -> str:
        """While there is a connection, every LOOK_S: do what is due.

        Returns:
            What the broker should have acknowledged by now; empty when all is well.
        """

    def end(self) -> None:
        """There is no connection now."""


class Reconnector:
    """Connects for ever, with MQTT 5 where the broker speaks it, else with 3.1.1; it tries.

    Attributes:
        client: The client of the present connection, or attempt; None before the first.
        connected: Set while there is a connection.
        log: Why there is no connection.
        on_connect: Called after each connection, when its user has begun to use it.
        stopping: Set when no further connection is to be made.
    """

    def __init__(
        self, clients: ClientFactory, addresses: str, user: ConnectionUser, turn: Turn
    ) -> None:
        """Prepare.

        Args:
            clients: Makes the clients.
            addresses: Of the broker, for people.
            user: Of the connections.
            turn: Whose turn it is to read them.
        """
        self._clients = clients
        self._user = user
        self._turn = turn
        self._protocol: MQTTProtocolVersion | None = None  # found out at the first connection
        self._closed = threading.Event()
        self._connected_at = 0.0  # monotonic
        self._thread = threading.Thread(target=self._stay_connected, name="bus", daemon=True)
        self.client: ServedClient | None = None
        self.connected = threading.Event()
        self.log = ConnectionLog(addresses)
        self.on_connect: list[Callable[[], None]] = []
        self.stopping = threading.Event()

    @property
    def protocol(self) -> str:
        """`5.0` or `3.1.1`: what is spoken with this broker."""
        return "5.0" if self._protocol == MQTTProtocolVersion.MQTTv5 else "3.1.1"

    @property
    def address(self) -> str:
        """The address of the present connection, or attempt."""
        return str(self._clients.address)

    def start(self) -> None:
        """Begin to connect. Does not wait."""
        self._thread.start()

    def stop(self, drain: Callable[[ServedClient], None]) -> None:
        """End the connection, and make no other.

        Args:
            drain: Called before, if there is a connection: waits for what is under way in it.
        """
        self.stopping.set()
        if (client := self.client) and self.connected.is_set():
            drain(client)
        self._end()
        if self._thread.ident:
            self._thread.join(CONNECT_TIMEOUT_S)

    def _stay_connected(self) -> None:
        backoff = Backoff(first_s=0.2, longest_s=10)
        while True:
            self._closed.clear()
            if self.stopping.is_set():
                return
            try:
                self._serve_one_connection()
            except OSError as error:
                self.log.failed(error, self.address)
            except Exception:  # whatever paho makes of a broken broker: this thread must outlive it
                log.exception("broker %s: the connection failed", self.address)
            was_connected = self.connected.is_set()
            lasted_s = time.monotonic() - self._connected_at if was_connected else 0.0
            if lasted_s < WORKED_S:  # perhaps it is another broker now, or was too slow to say
                self._protocol = None
            if was_connected and self._clients.is_steady(lasted_s):
                backoff.reset()
            self.connected.clear()
            self._user.end()
            if self._clients.take_next_address(lasted_s):
                self.stopping.wait(backoff.next_s())

    def _serve_one_connection(self) -> None:
        if self._protocol is None:
            self._protocol = self._clients.find_protocol()
        with closing(self._new_client(self._protocol)) as client:
            self.client = client
            self._clients.connect(client)
            answer_by = time.monotonic() + self._clients.timeout_s
            while client.serve(LOOK_S) and not self._closed.is_set():
                if late := self._look(answer_by):
                    self.log.unacknowledged(late, self.address)
                    break
            client.disconnect()

    def _look(self, answer_by: float) -> str:
        """What the broker should have acknowledged by now; empty when all is well."""
        if self.connected.is_set():
            return self._user.look()
        return "our CONNECT" if time.monotonic() > answer_by else ""

    def _end(self) -> None:
        """End this connection."""
        self._closed.set()
        if self.client:
            self.client.wake()

    def _new_client(self, protocol: MQTTProtocolVersion) -> ServedClient:
        client = self._clients.make_served(protocol, self._turn)
        client.on_connect = self._connected  # type: ignore[assignment]
        client.on_disconnect = self._disconnected
        self._user.prepare(client)
        return client

    def _connected(
        self,
        client: ServedClient,
        _: Any,
        __: ConnectFlags,
        reason: ReasonCode,
        connack: Properties | None,
    ) -> None:
        if reason.is_failure:
            why = self._clients.refusal(reason)
            self.log.tell(why, self.address)
            self._end()
            return
        self.log.forget()
        self._user.begin(client, limits_in(connack), self.address)
        self._connected_at = time.monotonic()
        self.connected.set()
        log.info("connected to the broker at %s with MQTT %s", self.address, self.protocol)
        for call in self.on_connect:
            guarded(call)

    def _disconnected(
        self, client: Client, _: Any, __: DisconnectFlags, reason: ReasonCode, *___: object
    ) -> None:
        if client is not self.client:
            return
        if self.connected.is_set() and not self.stopping.is_set():
            self.log.lost(str(reason), self.address)
        elif not self._closed.is_set() and not self.stopping.is_set():
            self.log.tell(self._clients.hung_up(), self.address)
        self._end()
