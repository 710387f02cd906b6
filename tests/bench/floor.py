"""The bare floor: paho and mosquitto with nothing of ours in between, in two processes."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

PAYLOAD = b"x" * 500  # about an event's size


def _nodelay(_: Client, __: Any, sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _client(
    name: str, port: int, topic: str, receive: Callable[[Client], None]
) -> tuple[Client, threading.Event]:
    ready = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, name)
    client.on_socket_open = _nodelay
    client.on_connect = lambda c, *_: c.subscribe(topic, 1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda c, *_: receive(c)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client, ready


def _echo_for_ever(port: int) -> None:
    _client("floor-echo", port, "floor/there", lambda c: c.publish("floor/back", PAYLOAD, qos=1))
    threading.Event().wait()


@contextmanager
def echo(port: int) -> Iterator[Callable[[], float]]:
    """Gives a function that does one round trip and returns its seconds."""
    there = multiprocessing.get_context("spawn").Process(
        target=_echo_for_ever, args=(port,), daemon=True
    )
    there.start()
    back = threading.Event()
    client, ready = _client("floor-press", port, "floor/back", lambda _: back.set())
    assert ready.wait(10)

    def once() -> float:
        back.clear()
        began = time.perf_counter()
        client.publish("floor/there", PAYLOAD, qos=1)
        if not back.wait(5):
            raise TimeoutError("the bare echo did not come back")
        return time.perf_counter() - began

    for _ in range(50):  # until the other process listens
        try:
            once()
            break
        except TimeoutError:
            continue
    yield once
    client.disconnect()
    client.loop_stop()
    there.kill()
