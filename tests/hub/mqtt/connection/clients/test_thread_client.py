"""The client for TLS, which paho's own thread reads."""

import socket
import threading
from contextlib import closing

import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub.mqtt.connection.clients.served_client import ThreadClient
from tests.forked import PATIENCE_S

SUBACK = {
    MQTTProtocolVersion.MQTTv311: b"\x90\3\0\1\1",
    MQTTProtocolVersion.MQTTv5: b"\x90\4\0\1\0\1",
}
NO_MQTT = b"\x40\3\0\1\x55"  # no PUBACK has this reason (MQTT 5, 3.4.2.1)


def _fail(*_):
    raise RuntimeError("boom")


@pytest.mark.parametrize("protocol", SUBACK)
@pytest.mark.parametrize("is_mqtt", [True, False])
def test_what_cannot_be_read_ends_the_connection(protocol, is_mqtt, caplog):
    """It is told, and counts as one that did not last; else nobody would read it any more."""
    ended = threading.Event()
    ours, brokers = socket.socketpair()
    client = ThreadClient(
        CallbackAPIVersion.VERSION2, "", protocol=protocol, reconnect_on_failure=False
    )
    client.on_subscribe = _fail
    client.on_disconnect = lambda *_: ended.set()
    with brokers, closing(client):
        ours.setblocking(False)
        client._sock = ours
        client.serve(0)
        brokers.sendall(SUBACK[protocol] if is_mqtt else NO_MQTT)
        assert ended.wait(PATIENCE_S)
    assert ("boom" in caplog.text) == is_mqtt
