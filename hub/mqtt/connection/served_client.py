"""paho's clients, served by one thread of ours: one sends in the thread that publishes."""

import select
import socket
import threading
import time
from contextlib import suppress
from functools import cache
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from hub.mqtt.connection import packets
from hub.mqtt.connection.limits import MAXIMUM_PACKET_SIZE
from hub.mqtt.connection.packets import HEAD_BYTES, PUBACK, PUBLISH, MalformedPacketError

AGAIN = MQTTErrorCode.MQTT_ERR_AGAIN
SUCCESS = MQTTErrorCode.MQTT_ERR_SUCCESS
READ_BYTES = 16_384  # at once: some events
EXACTLY_ONCE = 2  # a quality of service that nothing here asks for


class ThreadClient(Client):
    """A client for TLS: paho's own thread reads and sends.

    OpenSSL must not read and write a connection at once
    (https://docs.openssl.org/master/man7/openssl-threads/).
    """

    rest_s = 0.0  # paho's thread takes none

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

    def close(self) -> None:
        """See DirectClient."""
        self.loop_stop()


class DirectClient(Client):
    """A client that one thread serves, and that sends in any.

    paho sends in the publisher's thread where it has no thread of its own, but two that send at
    once could tear the stream. So one sends at a time.

    Attributes:
        rest_s: For how long not to read on, once what was read is handled: then this is 0 again.
    """

    rest_s = 0.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._sending = threading.Lock()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._server = 0  # the thread that serves
        self._unread = bytearray()  # the beginning of a packet
        self._unwanted = 0  # how many bytes are still to come of a packet that is too large
        self._for_paho = b""  # a whole packet

    def serve(self, timeout_s: float) -> bool:
        """For so long, or until it is woken: read what comes, and write what is left over.

        Returns:
            False when there is no connection.
        """
        self._server = threading.get_ident()
        until = time.monotonic() + timeout_s
        while (left_s := until - time.monotonic()) > 0:
            try:
                connection = self._connection()
                wanting = [connection] if self.want_write() else []
                readable, _, _ = select.select([connection, self._woken], wanting, [], left_s)
            except (OSError, ValueError):  # a sender has found it broken, and closed it
                return False
            if connection in readable and not self._read(connection):
                return False
            if self.want_write() and self.loop_write() != SUCCESS:
                return False
            if self._woken in readable:
                self._woken.recv(64)
                break
            if self.rest_s:
                time.sleep(self.rest_s)
                self.rest_s = 0.0
        return self.loop_misc() == SUCCESS

    def wake(self) -> None:
        """Have `serve` look again at once. May be called from any thread."""
        with suppress(OSError):  # it is awake, or was served for the last time
            self._waker.send(b"!")

    def close(self) -> None:
        """After the last `serve`."""
        self._woken.close()
        self._waker.close()

    def _read(self, connection: socket.socket) -> bool:
        """Read what has come; False when the connection ends with it."""
        try:
            data = connection.recv(READ_BYTES)
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
        if result == AGAIN and threading.get_ident() != self._server:
            self.wake()  # the socket is full; who serves it waits until it is not
        return result


@cache
def _reason(code: int) -> ReasonCode:
    try:
        return ReasonCode(PacketTypes.PUBACK, identifier=code)
    except (KeyError, ValueError):  # no packet has it, or only others
        raise MalformedPacketError(f"no PUBACK has the reason {code}") from None


ServedClient = DirectClient | ThreadClient
