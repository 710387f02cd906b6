"""Makes the paho clients of a bus: logged in, without Nagle's delay, in the broker's version."""

import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, TypeVar

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from config import Broker
from hub.mqtt.connection import client_ids, connect_errors, credentials
from hub.mqtt.connection.served_client import DirectClient, ServedClient, ThreadClient
from hub.mqtt.message import MAXIMUM_PACKET_SIZE, Will

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

RECEIVE_MAXIMUM = (
    32  # MQTT 5, 3.1.2.11.3: how many messages the broker may leave unacknowledged with us
)
CONNECT_TIMEOUT_S = 10.0
PROBE_TIMEOUT_S = 2.0
STEADY_S = 30.0  # a connection that lasted so long has its first failure
CUT_SHORT = 3
RIVAL_S = 15.0  # another process of the same id is back sooner: bus.py waits for 10 s at most
Kind = TypeVar("Kind", bound=Client)
UNSUPPORTED_PROTOCOL_VERSION = 0x84  # MQTT 5, 3.2.2.2; paho gives it for 3.1.1's return code 1, too


class ClientFactory:
    """Knows the broker, and finds out which version of MQTT it speaks.

    Attributes:
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
    ) -> None:
        self._broker = broker
        self._will = will
        self._client_id = client_id or client_ids.random()
        self._user = user
        self.cut_short = 0
        self.logged_in_as: str | None = None

    def find_protocol(self) -> MQTTProtocolVersion:
        """Ask with the plainest MQTT 5 CONNECT that there is.

        A broker that does not speak it refuses, hangs up, or waits for ever (amqtt, when the packet
        has more in it).

        Raises:
            OSError: the broker cannot be reached; its text says what to do.
        """
        answers: list[ReasonCode] = []
        # Two of one id in quick succession confuse a broker.
        client = self.make(MQTTProtocolVersion.MQTTv5)
        client.on_connect = lambda _, __, ___, reason, ____: answers.append(reason)
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

    def make_served(self, protocol: MQTTProtocolVersion) -> ServedClient:
        """The client of a bus: it leaves the will."""
        if self._broker.encrypted:
            return self._make(ThreadClient, protocol, self._own_id())
        return self._make(DirectClient, protocol, self._own_id())

    def make(self, protocol: MQTTProtocolVersion) -> Client:
        """A client for a connection beside that of the bus, which leaves no will."""
        return self._make(Client, protocol, client_ids.random())

    def _make(self, kind: type[Kind], protocol: MQTTProtocolVersion, client_id: str) -> Kind:
        """A client with a clean session that neither acknowledges nor reconnects by itself."""
        client = kind(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=protocol,
            manual_ack=True,
            reconnect_on_failure=False,
            clean_session=None if protocol == MQTTProtocolVersion.MQTTv5 else True,
        )
        if self._will and kind is not Client:
            client.will_set(self._will.topic, self._will.payload, qos=1, retain=True)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)  # the journal keeps the window, not paho
        client.on_socket_open = _set_nodelay
        self.logged_in_as = None
        if pair := credentials.credentials(self._broker, self._user):
            client.username_pw_set(*pair)
            self.logged_in_as = pair[0]
        if self._broker.encrypted:
            client.tls_set_context(_context(self._broker))
        return client

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
        five = client.protocol == MQTTProtocolVersion.MQTTv5
        self._connect(
            client,
            properties(
                PacketTypes.CONNECT,
                ReceiveMaximum=RECEIVE_MAXIMUM,
                MaximumPacketSize=MAXIMUM_PACKET_SIZE,
            )
            if five
            else None,
        )

    def _connect(self, client: Client, connect_properties: Properties | None) -> None:
        host = self._broker.host or "127.0.0.1"
        try:
            client.connect(
                host, self._broker.port, self._broker.keepalive_s, properties=connect_properties
            )
        except OSError as error:
            raise connect_errors.of_connection(error, self._broker) from error


def properties(packet_type: int, **values: object) -> Properties:
    """MQTT 5 properties by their names in paho."""
    made = Properties(packet_type)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(made, name, value)
    return made


def _context(broker: Broker) -> ssl.SSLContext:
    """TLS 1.2 or later; the certificate must be from the CA and for the host's name.

    Raises:
        OSError: the CA cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
    except OSError as error:  # an SSLError when it is no certificate
        raise connect_errors.RefusedError(
            f"ca_file: {broker.ca_file} cannot be used: {error.strerror or error}"
        ) from None
    context.sslsocket_class = _TidySocket
    return context


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails: paho forgets it then, and the broker waits for us."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - see SSLSocket
        """See SSLSocket."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _set_nodelay(_: Client, __: Any, sock: Any) -> None:
    """Without this, Nagle's algorithm and delayed acknowledgement add 40 ms to a press."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
