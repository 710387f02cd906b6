"""paho's clients, served by one thread of ours; each closes what it opened."""

import logging
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from hub.mqtt.connection.clients.direct_client import DirectClient
from hub.mqtt.connection.clients.lingering_client import LingeringClient

log = logging.getLogger(__name__)


class TidyClient(Client):
    """A client whose socket is closed when the handshake of WebSockets fails: paho forgets it.

    It would stay open until the garbage collector comes, and the other side waits for us so long.
    What fails in the handshake of TLS closes itself (hub.mqtt.connection.tls).
    """

    _opened: Any = None  # while the connection is made: a socket, or one with TLS around it

    def _create_socket_connection(self) -> Any:
        self._opened = super()._create_socket_connection()
        return self._opened

    def _ssl_wrap_socket(self, tcp_sock: Any) -> Any:
        self._opened = super()._ssl_wrap_socket(tcp_sock)
        return self._opened

    def _create_socket(self) -> Any:
        try:
            return super()._create_socket()
        except BaseException:
            if self._opened:
                self._opened.close()
            raise
        finally:
            self._opened = None


class ThreadClient(LingeringClient, TidyClient):
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

    def _packet_read(self) -> MQTTErrorCode:
        """An exception would end paho's thread, and nobody would read the connection any more."""
        try:
            return super()._packet_read()
        except Exception:  # whatever paho makes of a broken broker: it costs this connection only
            log.exception("the connection to the broker failed")
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def wake(self) -> None:
        """See DirectClient."""
        self._woken.set()

    def together(self) -> AbstractContextManager[None]:
        """See DirectClient: paho's own thread sends, and may send several at once."""
        return nullcontext()

    def close(self) -> None:
        """See DirectClient."""
        self.loop_stop()
        self._sock_close()
        self.linger()


ServedClient = DirectClient | ThreadClient
