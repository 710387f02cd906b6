"""The client of a bus without TLS: any thread sends, and two take turns at reading.

The messages of a house, PUBLISH and PUBACK, are written and read here; the rest is left to paho,
which takes a hundred calls for a message.
"""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from paho.mqtt.client import MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.mqtt.connection.clients import packets
from hub.mqtt.connection.clients.incoming import Incoming, Packet
from hub.mqtt.connection.clients.lingering_client import LingeringClient
from hub.mqtt.connection.clients.packets import (
    AT_LEAST_ONCE,
    PUBACK,
    PUBLISH,
    MalformedPacketError,
)
from hub.mqtt.connection.turn import Turn

log = logging.getLogger(__name__)
AGAIN = MQTTErrorCode.MQTT_ERR_AGAIN
SUCCESS = MQTTErrorCode.MQTT_ERR_SUCCESS
READ_BYTES = 16_384  # at once: some events
GATHERED_BYTES = 65_536  # more is sent before the end
EXACTLY_ONCE = 2  # a quality of service that nothing here asks for


class DirectClient(LingeringClient):
    """A client whose connection one thread serves, and that sends in any, one at a time.

    An acknowledgement goes with the next message, or when the connection is looked at again.
    """

    def __init__(self, *arguments: Any, turn: Turn, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._turn = turn
        self._sending = threading.Lock()
        self._unsent = bytearray()  # whole packets: acknowledgements, and what is gathered
        self._gatherer = 0  # the thread whose messages are gathered
        self._unanswered: dict[int, MQTTMessageInfo] = {}
        self._reader = 0  # the thread that handles what has come
        self._incoming = Incoming()
        self._for_paho = b""  # a whole packet

    def serve(self, timeout_s: float) -> bool:
        """For so long, or until it is woken: see that what comes is read.

        Returns:
            False when there is no connection.
        """
        goes_on = self._turn.serve(self, timeout_s)
        return goes_on and self._turn.alone(self.loop_misc) == SUCCESS

    def wake(self) -> None:
        """Have `serve` return at once. May be called from any thread."""
        self._turn.call_server()

    def disconnect(self, *arguments: Any, **named: Any) -> MQTTErrorCode:
        """See Client: no other thread reads any more."""
        self._turn.end()
        self.flush()
        return super().disconnect(*arguments, **named)

    def close(self) -> None:
        """At the end, also where there was no connection or `disconnect` could not be sent."""
        self._turn.end()
        self._sock_close()
        self.linger()

    def fileno(self) -> int:
        """See Connection."""
        connection = self.socket()
        return -1 if connection is None else connection.fileno()

    def work(self, *, is_readable: bool) -> bool:
        """See Connection."""
        try:
            if is_readable and not self._read():
                return False
            return not self.want_write() or self.loop_write() == SUCCESS
        except Exception:  # whatever paho makes of a broken broker: it costs this connection only
            log.exception("the connection to the broker failed")
            self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
            return False

    def flush(self) -> None:
        """See Connection."""
        if self._unsent:
            self._send()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread publishes meanwhile leaves in one piece, at the end."""
        self._gatherer = threading.get_ident()
        try:
            yield
        finally:
            self._gatherer = 0
            self.flush()

    def publish(
        self,
        topic: str,
        payload: Any = None,
        qos: int = 0,
        retain: bool = False,  # noqa: FBT001, FBT002 - as in Client
        properties: Properties | None = None,
    ) -> MQTTMessageInfo:
        """See Client."""
        if qos != AT_LEAST_ONCE or not topic:
            return super().publish(topic, payload, qos, retain, properties)
        name = topic.encode()
        self._raise_for_invalid_topic(name)
        made = b""
        if self.protocol == MQTTProtocolVersion.MQTTv5:
            given: Any = properties  # paho gives it no types
            made = b"\0" if given is None else given.pack()
        while (number := self._mid_generate()) in self._unanswered:
            pass
        info = MQTTMessageInfo(number)
        self._unanswered[number] = info
        packet = packets.publish(name, payload or b"", number, retain=retain, properties=made)
        can_wait = self._gatherer == threading.get_ident() and len(self._unsent) < GATHERED_BYTES
        info.rc = self._send(packet, can_wait=can_wait)
        if info.rc != SUCCESS:
            self._unanswered.pop(number, None)
        return info

    def ack(self, mid: int, qos: int) -> MQTTErrorCode:
        """See Client."""
        if qos != AT_LEAST_ONCE:
            return super().ack(mid, qos)
        is_reading = threading.get_ident() == self._reader
        return self._send(packets.puback(mid), can_wait=is_reading)

    def _send(self, packet: bytes = b"", *, can_wait: bool = False) -> MQTTErrorCode:
        """Send what has waited, and this, or have the rest sent when there is room."""
        with self._sending:
            connection = self.socket()
            if not isinstance(connection, socket.socket):
                return MQTTErrorCode.MQTT_ERR_NO_CONN
            self._unsent += packet
            if can_wait or not self._unsent:
                return SUCCESS
            try:
                is_sent = self._send_now(connection, bytes(self._unsent))
                self._unsent.clear()
            except OSError:
                self._shut_down()
                return MQTTErrorCode.MQTT_ERR_CONN_LOST
            except BaseException:
                self._shut_down()
                raise
        if not is_sent:
            self._turn.wake()
        return SUCCESS

    def _send_now(self, connection: socket.socket, data: bytes) -> bool:
        """Send it, or queue what is left; False if that is anything."""
        if self._out_packet:  # nothing overtakes what is half sent
            self._out_packet.append(_queued(data))
            return False
        sent = 0
        with suppress(BlockingIOError):
            sent = connection.send(data)
            self._last_msg_out = time.monotonic()
        if sent < len(data):
            self._out_packet.appendleft(_queued(data[sent:]))
        return sent == len(data)

    def _read(self) -> bool:
        """Read what has come; False when the connection ends with it."""
        try:
            data = self._connection().recv(READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
            return False
        self._last_bytes_received = time.monotonic()
        self._reader = threading.get_ident()
        try:
            return all(map(self._handle, self._incoming.cut(data)))
        except MalformedPacketError:
            self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
            return False
        finally:
            self._reader = 0

    def _handle(self, packet: Packet) -> bool:
        """Handle one packet; False when the connection ends with it."""
        header, content, whole = packet
        kind = header & packets.TYPE
        if not whole:
            self._refuse(kind, header, content)
            return True
        if kind == PUBLISH:
            is_mqtt5 = self.protocol == MQTTProtocolVersion.MQTTv5
            message = packets.read_publish(header, content, is_mqtt5=is_mqtt5)
            if message.qos < EXACTLY_ONCE:
                with self._in_callback_mutex:
                    self.on_message(self, None, message)  # type: ignore[misc, arg-type]
                return True
        elif kind == PUBACK:
            self._take_answer(*packets.read_puback(content))
            return True
        self._for_paho = whole
        return self.loop_read() == SUCCESS

    def _refuse(self, kind: int, header: int, beginning: bytes) -> None:
        """Acknowledge a message that is larger than what we read, or no other would come."""
        if kind != PUBLISH:
            raise MalformedPacketError("only a message may be so large")
        message = packets.read_publish(header, beginning, is_mqtt5=False)  # for its number
        self.ack(message.mid, message.qos)

    def _take_answer(self, number: int, code: int) -> None:
        reason = _reason(code)
        if info := self._unanswered.pop(number, None):
            with self._in_callback_mutex:
                tell: Any = self.on_publish  # one of several types
                tell(self, None, number, reason, None)
            info._set_as_published()  # noqa: SLF001 - as paho does it

    def _sock_recv(self, bufsize: int) -> bytes:
        """What paho is to read."""
        if not self._for_paho:
            raise BlockingIOError
        taken, self._for_paho = self._for_paho[:bufsize], self._for_paho[bufsize:]
        return taken

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """Without TLS: paho would look for its errors."""
        return self._connection().send(buf)

    def _connection(self) -> socket.socket:
        connection = self.socket()
        if not isinstance(connection, socket.socket):
            raise ConnectionError("it is closed")
        return connection

    def _packet_write(self) -> MQTTErrorCode:
        with self._sending:
            try:
                result = super()._packet_write()
            except BaseException:
                self._shut_down()
                raise
        if result == AGAIN:
            self._turn.wake()  # the socket is full; who reads it waits until it is not
        return result

    def _shut_down(self) -> None:
        """End the connection, of which a packet may be half sent; whoever reads it sees that.

        A reaction's time may be up while it sends (hub.consumer.deadline).
        """
        with suppress(OSError):
            self._connection().shutdown(socket.SHUT_RDWR)


def _queued(data: bytes) -> Any:
    """What paho's queue holds; of a PUBLISH it wants to know the quality of service."""
    return {
        "command": PUBLISH,
        "mid": 0,
        "qos": AT_LEAST_ONCE,
        "pos": 0,
        "to_process": len(data),
        "packet": data,
        "info": None,
    }


@cache
def _reason(code: int) -> ReasonCode:
    try:
        return ReasonCode(PacketTypes.PUBACK, identifier=code)
    except (KeyError, ValueError):  # no packet has it, or only others
        raise MalformedPacketError(f"no PUBACK has the reason {code}") from None
