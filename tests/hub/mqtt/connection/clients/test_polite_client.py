"""A good-bye that the broker hears."""

import socket
import threading
from contextlib import closing

import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub.mqtt.connection.clients import polite_client
from hub.mqtt.connection.clients.direct_client import DirectClient
from hub.mqtt.connection.clients.served_client import ThreadClient
from hub.mqtt.connection.turn import Turn
from tests.forked import PATIENCE_S

CONNACK = b"\x20\3\0\0\0"
UNREAD = b"\x30\6\0\1a\0hi"
DISCONNECT = b"\xe0"


class Talk:
    """A client that says good-bye, and the broker's end of its connection."""

    def __init__(self, kind):
        ours, self.broker = socket.socketpair()
        self.broker.settimeout(PATIENCE_S)
        ours.setblocking(False)
        more = {"turn": Turn()} if kind is DirectClient else {}
        self.client = kind(
            CallbackAPIVersion.VERSION2, "", protocol=MQTTProtocolVersion.MQTTv5, **more
        )
        self.client._sock = ours
        self._saying = threading.Thread(target=self.client.disconnect)

    def say_good_bye(self):
        self._saying.start()

    def is_over(self):
        self._saying.join(PATIENCE_S)
        return not self._saying.is_alive()

    def close(self):
        self.broker.close()
        self._saying.join()
        self.client.close()


@pytest.fixture(params=[DirectClient, ThreadClient])
def talk(request):
    with closing(Talk(request.param)) as made:
        yield made


def test_the_broker_reads_the_good_bye_whatever_it_has_sent_meanwhile(talk):
    """It would get an error in place of it: a connection that is closed unread is reset."""
    talk.broker.sendall(UNREAD)
    talk.say_good_bye()
    assert talk.broker.recv(100)[:1] == DISCONNECT
    talk.broker.sendall(UNREAD)
    talk.broker.shutdown(socket.SHUT_WR)
    assert talk.broker.recv(100) == b""
    assert talk.is_over()


def test_a_broker_that_keeps_the_connection_open_is_left_after_a_moment(talk, monkeypatch):
    """Whether it sends something or not."""
    monkeypatch.setattr(polite_client, "FAREWELL_S", 0.1)
    talk.say_good_bye()
    talk.broker.sendall(UNREAD)
    assert talk.is_over()
