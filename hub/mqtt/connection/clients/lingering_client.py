"""A client whose socket stays open until the broker has read its DISCONNECT."""

import os
import select
import time
from contextlib import suppress
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

LINGER_S = 0.5
READ_BYTES = 16_384


class LingeringClient(Client):
    """After DISCONNECT it waits until the broker has closed the connection, or LINGER_S.

    A socket that is closed while something unread is in it resets the connection. A broker that
    writes to it then may throw away what it has not read yet, our DISCONNECT, and publish the last
    will of a process that has ended in order. A broker should close the connection itself (MQTT 5,
    3.14.4), and most do so at once.
    """

    _is_leaving = False
    _left: int | None = None  # a copy of the socket that paho closes

    def disconnect(self, *arguments: Any, **named: Any) -> MQTTErrorCode:
        """See Client; `linger` afterwards."""
        self._is_leaving = True
        return super().disconnect(*arguments, **named)

    def _call_socket_close(self, sock: Any) -> None:
        """Paho is about to close it, perhaps with locks held that others wait for."""
        super()._call_socket_close(sock)
        if self._is_leaving and self._left is None:
            with suppress(OSError, ValueError):
                self._left = os.dup(sock.fileno())

    def linger(self) -> None:
        """Read until the broker has closed the connection; nobody needs what comes."""
        left, self._left = self._left, None
        if left is None:
            return
        until = time.monotonic() + LINGER_S
        with suppress(OSError, ValueError):  # it is reset, or beyond what select can tell
            while (left_s := until - time.monotonic()) > 0:
                if not select.select([left], [], [], left_s)[0]:
                    break
                if not os.read(left, READ_BYTES):  # as it is, also of TLS or a WebSocket
                    break
        os.close(left)
