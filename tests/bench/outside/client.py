"""The MQTT client of the programs outside. It imports paho and nothing else of ours."""

import socket
import threading
from collections.abc import Callable, Collection
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_S = 10.0
Hear = Callable[[Client, MQTTMessage], object]


def connected(name: str, port: int, topics: Collection[str], hear: Hear) -> Client:
    """A client with TCP_NODELAY that has subscribed with QoS 1, and runs in a thread of its own."""
    ready = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, name)
    client.on_socket_open = _set_nodelay
    client.on_connect = lambda c, *_: c.subscribe([(topic, 1) for topic in topics])
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda c, _, message: hear(c, message)
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(PATIENCE_S)
    return client


def _set_nodelay(_: Client, __: Any, sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
