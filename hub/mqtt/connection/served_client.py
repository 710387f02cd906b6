"""paho's clients, served by one thread of ours."""

import threading
from typing import Any

from paho.mqtt.client import Client

from hub.mqtt.connection.direct_client import DirectClient


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


ServedClient = DirectClient | ThreadClient
