"""A client that waits until the broker has heard its good-bye."""

import os
import select
import time
from contextlib import suppress
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import _ConnectionState

FAREWELL_S = 1.0
READ_BYTES = 16_384


class PoliteClient(Client):
    """Has the broker close the connection after DISCONNECT (MQTT 5, 3.14.4), if it does so soon.

    A socket that is closed while something unread is in it resets the connection. A broker that
    writes to it then may throw away what it has not read yet, our DISCONNECT, and publish the last
    will of a process that has ended in order.
    """

    def _call_socket_close(self, sock: Any) -> None:
        super()._call_socket_close(sock)
        if self._state == _ConnectionState.MQTT_CS_DISCONNECTING:
            _hear_out(sock)


def _hear_out(connection: Any) -> None:
    """Read until the broker has closed it, FAREWELL_S at most; nobody needs what comes."""
    until = time.monotonic() + FAREWELL_S
    with suppress(OSError, ValueError):
        while (left_s := until - time.monotonic()) > 0:
            if not select.select([connection], [], [], left_s)[0]:
                return
            if not os.read(connection.fileno(), READ_BYTES):  # whatever it is, TLS or WebSocket
                return
