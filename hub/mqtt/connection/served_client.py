"""paho's clients, served by one thread of ours: one sends in the thread that publishes."""

import select
import socket
import threading
from contextlib import suppress
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

AGAIN = MQTTErrorCode.MQTT_ERR_AGAIN
SUCCESS = MQTTErrorCode.MQTT_ERR_SUCCESS
READ_AHEAD = 2048  # bytes: some events


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

    def close(self) -> None:
        """See DirectClient."""
        self.loop_stop()


class DirectClient(Client):
    """A client that one thread serves, and that sends in any.

    paho sends in the publisher's thread where it has no thread of its own, but two that send at
    once could tear the stream. So one sends at a time.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._sending = threading.Lock()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._server = 0  # the thread that serves
        self._ahead = b""  # what was read, and is not in a packet yet

    def serve(self, timeout_s: float) -> bool:
        """Read what comes, and write what is left over; waits for so long at most.

        Returns:
            False when there is no connection.
        """
        self._server = threading.get_ident()
        try:
            connection = self._connection()
        except ConnectionError:
            return False
        wanting = [connection] if self.want_write() else []
        try:
            readable, _, _ = select.select([connection, self._woken], wanting, [], timeout_s)
        except (OSError, ValueError):  # a sender has found it broken, and closed it
            return False
        if self._woken in readable:
            self._woken.recv(64)
        if connection in readable and not self._read():
            return False
        if self.want_write() and self.loop_write() != SUCCESS:
            return False
        return self.loop_misc() == SUCCESS

    def wake(self) -> None:
        """Have `serve` look again at once. May be called from any thread."""
        with suppress(OSError):  # it is awake, or was served for the last time
            self._waker.send(b"!")

    def close(self) -> None:
        """After the last `serve`."""
        self._woken.close()
        self._waker.close()

    def _read(self) -> bool:
        """Read the packets that have come; False when the connection ends with it."""
        result = self.loop_read()
        while result == SUCCESS and self._ahead:
            result = self.loop_read()
        return result == SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        """Read ahead: paho takes the first bytes of each packet one by one."""
        ahead = self._ahead or self._connection().recv(max(bufsize, READ_AHEAD))
        self._ahead = ahead[bufsize:]
        return ahead[:bufsize]

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


ServedClient = DirectClient | ThreadClient
