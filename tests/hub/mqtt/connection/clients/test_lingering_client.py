"""A DISCONNECT that the broker reads, whatever it has sent meanwhile."""

import socket
import threading
from contextlib import closing

import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from hub.mqtt.connection.clients import lingering_client
from hub.mqtt.connection.clients.direct_client import DirectClient
from hub.mqtt.connection.clients.served_client import ThreadClient
from hub.mqtt.connection.turn import Turn
from tests.forked import PATIENCE_S
from tests.house import until

LONG_S = 60.0
UNREAD = b"\x30\6\0\1a\0hi"
DISCONNECT = 0xE0


class Talk:
    """A client that leaves, and the broker's end of its connection."""

    def __init__(self, kind):
        ours, self.broker = socket.socketpair()
        self.broker.settimeout(PATIENCE_S)
        ours.setblocking(False)
        more = {"turn": Turn()} if kind is DirectClient else {"reconnect_on_failure": False}
        self.client = kind(
            CallbackAPIVersion.VERSION2, "", protocol=MQTTProtocolVersion.MQTTv5, **more
        )
        self.client.on_message = lambda *_: None
        self.client._sock = ours
        if kind is ThreadClient:
            self.client.serve(0)
        self._leaving = threading.Thread(target=self._leave)

    def leave(self):
        """Leave in another thread, as a process does at its end."""
        self._leaving.start()

    def _leave(self):
        with closing(self.client):
            self.client.disconnect()

    def has_left(self, timeout_s=PATIENCE_S):
        self._leaving.join(timeout_s)
        return not self._leaving.is_alive()

    def close(self):
        self.broker.close()
        self._leaving.join()


@pytest.fixture(params=[DirectClient, ThreadClient])
def talk(request, monkeypatch):
    monkeypatch.setattr(lingering_client, "LINGER_S", LONG_S)
    with closing(Talk(request.param)) as made:
        yield made


def test_the_broker_reads_the_disconnect_whatever_it_sends(talk):
    """It would get an error in its place: a connection that is closed unread is reset."""
    talk.leave()
    assert talk.broker.recv(1)[0] == DISCONNECT
    talk.broker.sendall(UNREAD)
    assert talk.broker.recv(100) == b"\0"
    assert not talk.has_left(0.01)
    talk.broker.sendall(UNREAD)
    talk.broker.shutdown(socket.SHUT_WR)
    assert talk.broker.recv(100) == b""
    assert talk.has_left()


def test_a_broker_that_never_closes_the_connection_is_left_after_a_moment(talk, monkeypatch):
    """Even if it goes on to send."""
    monkeypatch.setattr(lingering_client, "LINGER_S", 0.01)
    talk.broker.sendall(UNREAD)
    talk.leave()
    assert talk.has_left(LONG_S / 2)


def test_nobody_waits_for_who_leaves(talk):
    """A press must not wait until a broker that hangs has been given up."""
    talk.leave()
    assert talk.broker.recv(1)[0] == DISCONNECT
    none = MQTTErrorCode.MQTT_ERR_NO_CONN
    until(lambda: talk.client.publish("a/b", b"now", 1).rc == none, "it says so")
    assert not talk.has_left(0.01)
