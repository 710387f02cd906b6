"""Makes the paho clients of a bus: logged in, without Nagle's delay, in the broker's version."""

import os
import socket
import time
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY as CLEAN_START
from paho.mqtt.client import Client, WebsocketConnectionError
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from config import Address, Broker
from hub.mqtt.connection import client_ids, connect_errors, credentials
from hub.mqtt.connection.clients.direct_client import DirectClient
from hub.mqtt.connection.clients.served_client import ServedClient, ThreadClient, TidyClient
from hub.mqtt.connection.limits import MAXIMUM_PACKET_SIZE, Limits, limits_in
from hub.mqtt.connection.turn import Turn
from hub.mqtt.message import Will

if TYPE_CHECKING:
    import ssl

    from paho.mqtt.reasoncodes import ReasonCode

# How many messages the broker may leave unacknowledged with us (MQTT 5, 3.1.2.11.3).
RECEIVE_MAXIMUM = 32
CONNECT_TIMEOUT_S = 10.0
TURN_TIMEOUT_S = 3.0  # of each of several addresses
PROBE_TIMEOUT_S = 2.0
WORKED_S = 5.0  # a connection that lasted so long was no failure
STEADY_S = 30.0  # a connection that lasted so long has its first failure
CUT_SHORT = 3
RIVAL_S = 15.0  # another process of the same id is back sooner: a Reconnector waits 10 s at most
Kind = TypeVar("Kind", bound=Client)
UNSUPPORTED_PROTOCOL_VERSION = 0x84  # MQTT 5, 3.2.2.2; paho gives it for 3.1.1's return code 1, too


class ClientFactory:
    """Knows the broker, and finds out which version of MQTT it speaks.

    Attributes:
        address: Where it is; of several addresses the one whose turn it is.
        timeout_s: How long to wait for it there.
        limits: What it said there that it takes.
        keep_s: How long the broker keeps a bus's session after a connection (MQTT 5, 3.1.2.11.2).
        cut_short: How many connections in a row ended within RIVAL_S. After some of them another
            process may have the same client id (a copy of the whole machine), and each ends the
            other's connection: from then on each connection has a random one. Nodes of a cluster
            that die now and then are no reason for it: only the same id replaces what the process
            has on the dead node, and until then the broker refuses what is published to that.
        logged_in_as: The user of the last client that was made; None without a login.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str | None = None,
        user: str = credentials.CLI,
        will: Will | None = None,
        keep_s: int = 0,
    ) -> None:
        self._broker = broker
        self._will = will
        self.keep_s = keep_s
        self._client_id = client_id or client_ids.random()
        self._user = user
        self._alerts: dict[Address, ssl.SSLError] = {}  # the last one from each
        self._index = self._failures = 0
        self.addresses = broker.addresses
        self.address = self.addresses[0]
        self.timeout_s = CONNECT_TIMEOUT_S if len(self.addresses) == 1 else TURN_TIMEOUT_S
        self.limits = Limits()
        self.cut_short = 0
        self.logged_in_as: str | None = None

    def take_next_address(self, lasted_s: float) -> bool:
        """It is the next one's turn.

        Args:
            lasted_s: How long the connection to the last one lasted; 0 if there was none.

        Returns:
            Whether all of them have failed since one did its work: then it is time to wait.
        """
        if lasted_s > WORKED_S:
            self._failures = 0
        self._failures += 1
        self._index = (self._index + 1) % len(self.addresses)
        self.address = self.addresses[self._index]
        return self._failures % len(self.addresses) == 0

    def find_protocol(self) -> MQTTProtocolVersion:
        """Ask with the plainest MQTT 5 CONNECT that there is; it also says what the broker takes.

        It has no will: a broker that keeps nothing refuses a retained one before it says so. A
        broker that does not speak MQTT 5 refuses, hangs up, or waits for ever (amqtt, when the
        packet has more in it).

        Raises:
            OSError: the broker cannot be reached; its text says what to do.
        """
        answers: list[ReasonCode] = []
        # Two of one id in quick succession confuse a broker.
        client = self.make(MQTTProtocolVersion.MQTTv5)
        self.limits = Limits()

        def note(_: Any, __: Any, ___: Any, reason: "ReasonCode", connack: Any) -> None:
            answers.append(reason)
            self.limits = limits_in(connack)

        client.on_connect = note
        self._connect(client, None)
        deadline = time.monotonic() + PROBE_TIMEOUT_S
        while (
            not answers
            and time.monotonic() < deadline
            and client.loop(0.1) == MQTTErrorCode.MQTT_ERR_SUCCESS
        ):
            pass
        client.disconnect()
        five = bool(answers) and answers[0].value != UNSUPPORTED_PROTOCOL_VERSION
        return MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311

    def make_served(self, protocol: MQTTProtocolVersion, turn: Turn) -> ServedClient:
        """The client of a bus, which leaves the will; without TLS it is read in turns."""
        if self.address.tls or self.address.is_websocket:
            return self._make(ThreadClient, protocol, self._own_id())
        return self._make(DirectClient, protocol, self._own_id(), turn=turn)

    def make(self, protocol: MQTTProtocolVersion) -> Client:
        """A client for a connection beside that of the bus, which leaves no will."""
        return self._make(TidyClient, protocol, client_ids.random())

    def _make(
        self, kind: type[Kind], protocol: MQTTProtocolVersion, client_id: str, **more: Any
    ) -> Kind:
        """A client that neither acknowledges nor reconnects by itself; before MQTT 5, clean."""
        client = kind(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=protocol,
            manual_ack=True,
            reconnect_on_failure=False,
            clean_session=None if protocol == MQTTProtocolVersion.MQTTv5 else True,
            transport="websockets" if self.address.is_websocket else "tcp",
            **more,
        )
        if self._will and kind is not TidyClient:
            self._leave(self._will, client)
        if self.address.is_websocket:
            client.ws_set_options(self.address.path or "/", {"Host": _authority(self.address)})
        client.connect_timeout = self.timeout_s
        client.max_inflight_messages_set(0)  # the journal keeps the window, not paho
        client.on_socket_open = _set_nodelay
        self.logged_in_as = None
        if pair := credentials.credentials(self._broker, self._user):
            client.username_pw_set(*pair)
            self.logged_in_as = pair[0]
        if self.address.tls:
            from hub.mqtt.connection import tls  # noqa: PLC0415 - 2 MB, for TLS only

            client.tls_set_context(tls.context(self._broker, self._note_alert))
        return client

    def _leave(self, will: Will, client: Client) -> None:
        """Have the broker keep this will, as far as it can."""
        client.will_set(will.topic, will.payload, self.limits.qos, retain=self.limits.keeps)

    def _note_alert(self, alert: "ssl.SSLError") -> None:
        self._alerts[self.address] = alert

    def hung_up(self) -> str:
        """Why the broker has ended a connection without an answer, in words."""
        return connect_errors.of_hang_up(self._alerts.get(self.address), self.address, self._broker)

    def refusal(self, reason: "ReasonCode") -> str:
        """Why the broker has refused the last client's CONNECT, in words."""
        return connect_errors.of_login(reason.value, str(reason), self.logged_in_as, self._broker)

    def is_steady(self, lasted_s: float) -> bool:
        """Note how long a connection lasted; returns whether that was long enough."""
        self.cut_short += 1
        if lasted_s > RIVAL_S:
            self.cut_short = 0
        return lasted_s > STEADY_S

    def _own_id(self) -> str:
        return self._client_id if self.cut_short < CUT_SHORT else client_ids.random()

    def connect(self, client: Client) -> None:
        """Open the connection and send CONNECT; the answer comes to the client's callbacks.

        Raises:
            OSError: the broker cannot be reached.
        """
        if client.protocol != MQTTProtocolVersion.MQTTv5:
            self._connect(client, None)
            return
        asked = properties(
            PacketTypes.CONNECT,
            ReceiveMaximum=RECEIVE_MAXIMUM,
            MaximumPacketSize=MAXIMUM_PACKET_SIZE,
            SessionExpiryInterval=self.keep_s,
        )
        self._connect(client, asked, clean_start=False if self.keep_s else CLEAN_START)

    def _connect(
        self,
        client: Client,
        asked: Properties | None,
        *,
        clean_start: bool | Literal[3] = CLEAN_START,
    ) -> None:
        host, port = self.address.host, self.address.port
        try:
            client.connect(
                host,
                port,
                self._broker.keepalive_s,
                clean_start=clean_start,
                properties=asked,
            )
        except WebsocketConnectionError:
            raise connect_errors.RefusedError(
                f"no WebSocket of MQTT at {self.address}. Set port and path in host in [broker]: "
                "mosquitto takes any path, RabbitMQ has /ws, most others have /mqtt"
            ) from None
        except OSError as error:
            raise connect_errors.of_connection(error, self.address, self._broker) from error


def properties(packet_type: int, **values: object) -> Properties:
    """MQTT 5 properties by their names in paho."""
    made = Properties(packet_type)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(made, name, value)
    return made


def _authority(address: Address) -> str:
    """The Host of an HTTP request; paho would leave out the brackets of an IPv6 address."""
    return str(address._replace(path=None))


def _set_nodelay(_: Client, __: Any, sock: Any) -> None:
    """Without this, Nagle's algorithm and delayed acknowledgement add 40 ms to a press."""
    with socket.socket(fileno=os.dup(sock.fileno())) as same:  # paho's WebSocket hides its socket
        same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
