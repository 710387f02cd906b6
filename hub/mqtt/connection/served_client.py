"""paho's clients, served by one thread of ours: one sends in the thread that publishes."""

import socket
import threading
import time
from functools import cache
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from hub.mqtt.connection import packets
from hub.mqtt.connection.limits import MAXIMUM_PACKET_SIZE
from hub.mqtt.connection.packets import HEAD_BYTES, PUBACK, PUBLISH, MalformedPacketError
from hub.mqtt.connection.turn import Turn

AGAIN = MQTTErrorCode.MQTT_ERR_AGAIN
SUCCESS = MQTTErrorCode.MQTT_ERR_SUCCESS
READ_BYTES = 16_384  # at once: some events
EXACTLY_ONCE = 2  # a quality of service that nothing here asks for


class ThreadClient(Client):
    """A client for TLS: paho's own thread reads and sends.

    OpenSSL must not read and write a connection at once
    (https://docs.openssl.org/master/man7/openssl-threads/).
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._woken = threading.Event()

    def serve(self, timeout_s: float) -> bool:
        """See DirectClient."""
        self.loop_start()
        self._woken.wait(timeout_s)
        return True

    def wake(self) -> None:
        """See DirectClient."""
        self._woken.set()

    def hand_over(self) -> None:
        """See DirectClient: paho's thread always reads."""

    def close(self) -> None:
        """See DirectClient."""
        self.loop_stop()


class DirectClient(Client):
    """A client that one thread serves, and that sends in any.

    paho sends in the publisher's thread where it has no thread of its own, but two that send at
    once could tear the stream. So one sends at a time.
    """

    def __init__(self, *arguments: Any, turn: Turn, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._turn = turn
        self._sending = threading.Lock()
        self._unread = bytearray()  # the beginning of a packet
        self._unwanted = 0  # how many bytes are still to come of a packet that is too large
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

    def hand_over(self) -> None:
        """See Turn."""
        self._turn.hand_over()

    def disconnect(self, *arguments: Any, **named: Any) -> MQTTErrorCode:
        """See Client: no other thread reads any more."""
        self._turn.end()
        return super().disconnect(*arguments, **named)

    def close(self) -> None:
        """After the last `serve`."""
        self._turn.end()

    def fileno(self) -> int:
        """See Connection."""
        connection = self.socket()
        return -1 if connection is None else connection.fileno()

    def work(self, *, is_readable: bool) -> bool:
        """See Connection."""
        if is_readable and not self._read():
            return False
        return not self.want_write() or self.loop_write() == SUCCESS

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
        try:
            return self._handle_all(data)
        except MalformedPacketError:
            self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
            return False

    def _handle_all(self, data: bytes) -> bool:
        """Handle each packet that is whole, and keep the rest; False when the connection ends."""
        unread = self._unread
        unread += data[self._unwanted :]
        self._unwanted = max(0, self._unwanted - len(data))
        start = 0
        goes_on = True
        while goes_on and (found := packets.bounds(unread, start)):
            content, end = found
            if end - start > MAXIMUM_PACKET_SIZE:
                if len(unread) - content < HEAD_BYTES:
                    break
                self._refuse(unread[start], bytes(unread[content : content + HEAD_BYTES]))
                self._unwanted = max(0, end - len(unread))
            elif end > len(unread):
                break
            else:
                whole = bytes(unread[start:end])
                goes_on = self._handle(whole[0], whole[content - start :], whole)
            start = end
        del unread[:start]
        return goes_on

    def _refuse(self, header: int, beginning: bytes) -> None:
        """Acknowledge a message that is larger than what we read, and pass over it.

        Only with MQTT 5 the broker was told how much that is. Before, anybody could publish a
        message that fills our memory.
        """
        if header & packets.TYPE != PUBLISH:
            raise MalformedPacketError("only a message may be so large")
        message = packets.read_publish(header, beginning, is_mqtt5=False)  # for its number
        self.ack(message.mid, message.qos)

    def _handle(self, header: int, content: bytes, whole: bytes) -> bool:
        """Handle one packet; False when the connection ends with it."""
        kind = header & packets.TYPE
        if kind == PUBLISH:
            is_mqtt5 = self.protocol == MQTTProtocolVersion.MQTTv5
            message = packets.read_publish(header, content, is_mqtt5=is_mqtt5)
            if message.qos < EXACTLY_ONCE:
                with self._in_callback_mutex:
                    self.on_message(self, None, message)  # type: ignore[misc, arg-type]
                return True
        elif kind == PUBACK:
            number, code = packets.read_puback(content)
            with self._out_message_mutex:
                if number not in self._out_messages:
                    return True
                return self._do_on_publish(number, _reason(code), None) == SUCCESS  # type: ignore[arg-type]
        self._for_paho = whole
        return self.loop_read() == SUCCESS

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
            result = super()._packet_write()
        if result == AGAIN:
            self._turn.wake()  # the socket is full; who reads it waits until it is not
        return result


@cache
def _reason(code: int) -> ReasonCode:
    try:
        return ReasonCode(PacketTypes.PUBACK, identifier=code)
    except (KeyError, ValueError):  # no packet has it, or only others
        raise MalformedPacketError(f"no PUBACK has the reason {code}") from None


ServedClient = DirectClient | ThreadClient
